using Amrutam.Platform.Data;
using Amrutam.Platform.OpenApi;
using Npgsql;

namespace Amrutam.Patients.Contracts;

/// <summary>The patient of a booking, as its doctor and the front desk see them.</summary>
/// <param name="FullName">Null while it is not known, and after erasure.</param>
/// <param name="Age">The age in completed years; null if unknown.</param>
/// <param name="Phone">In E.164.</param>
[SchemaName("PatientSummary")]
sealed record PatientSummary(Guid Id, string? FullName, int? Age, string? Sex, string? Phone, string? Language)
{
    /// <summary>The columns that <see cref="Read"/> reads, in its order, of <c>patients.people p</c>, which may be
    /// joined to nothing.</summary>
    public const string Columns = "p.full_name, p.age, p.sex, p.phone, p.language";

    /// <summary>The number of columns that <see cref="Read"/> reads.</summary>
    public const int Width = 5;

    /// <param name="first">The place of the first column.</param>
    public static PatientSummary Read(Guid id, NpgsqlDataReader row, int first) => new(id, row.GetStringOrNull(first),
        row.GetInt32OrNull(first + 1), row.GetStringOrNull(first + 2), row.GetStringOrNull(first + 3),
        row.GetStringOrNull(first + 4));
}
