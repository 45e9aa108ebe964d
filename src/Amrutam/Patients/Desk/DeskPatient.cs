using Amrutam.Platform.Data;
using NodaTime;
using Npgsql;

namespace Amrutam.Patients.Desk;

/// <summary>A patient as the front desk sees the record.</summary>
/// <param name="Age">The age in completed years; null if unknown.</param>
/// <param name="Phone">In E.164.</param>
/// <param name="HasAccount">True for the own record of an account; false for a dependant or a caller.</param>
sealed record DeskPatient(Guid Id, string? FullName, LocalDate? BirthDate, int? Age, string? Sex, string? Phone,
    string? City, string? Language, bool HasAccount, Instant CreatedAt)
{
    /// <summary>The columns that <see cref="Read"/> reads, in its order, of <c>patients.patients p</c>.</summary>
    public const string Columns = """
        p.id, p.full_name, p.birth_date, patients.age(p.birth_date, p.age_years, p.age_said_on), p.sex, p.phone,
        p.city, p.language, p.registered_by is null, p.created_at
        """;

    public static DeskPatient Read(NpgsqlDataReader row) => new(row.GetGuid(0), row.GetStringOrNull(1),
        row.GetDateOrNull(2), row.GetInt32OrNull(3), row.GetStringOrNull(4), row.GetStringOrNull(5),
        row.GetStringOrNull(6), row.GetStringOrNull(7), row.GetBoolean(8), row.GetInstant(9));
}
