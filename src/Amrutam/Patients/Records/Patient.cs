using Amrutam.Platform.Data;
using Amrutam.Platform.OpenApi;
using NodaTime;
using Npgsql;

namespace Amrutam.Patients.Records;

/// <summary>A patient as the accounts that have the patient see the record.</summary>
/// <param name="Relation">The relation to the account's holder: self, child, parent, spouse or other.</param>
/// <param name="AgeYears">The present age, from the date of birth or from the age that was said; null if
/// unknown.</param>
/// <param name="AgeSaidOn">The day on which the age was said; null with a date of birth.</param>
/// <param name="Phone">In E.164.</param>
sealed record Patient(Guid Id, string Relation, string? FullName, LocalDate? BirthDate, int? AgeYears,
    LocalDate? AgeSaidOn, string? Sex, string? Phone, string? City, string? Language,
    Patient.Contact? EmergencyContact, Instant CreatedAt)
{
    [SchemaName("EmergencyContact")]
    public sealed record Contact(string Name, string Phone);

    public const string Self = "self", Child = "child", Other = "other";

    public static readonly string[] Relations = [Self, Child, "parent", "spouse", Other],
        Sexes = ["female", "male", "other", "unknown"];

    /// <summary>The columns that <see cref="Read"/> reads, in its order, of <c>patients.held_by(…) h</c> and
    /// <c>patients.patients p</c>.</summary>
    public const string Columns = """
        p.id, h.relation, p.full_name, p.birth_date, patients.age(p.birth_date, p.age_years, p.age_said_on),
        p.age_said_on, p.sex, p.phone, p.city, p.language, p.emergency_name, p.emergency_phone, p.created_at
        """;

    public static Patient Read(NpgsqlDataReader row) =>
        new(row.GetGuid(0), row.GetString(1), row.GetStringOrNull(2), row.GetDateOrNull(3), row.GetInt32OrNull(4),
            row.GetDateOrNull(5), row.GetStringOrNull(6), row.GetStringOrNull(7), row.GetStringOrNull(8),
            row.GetStringOrNull(9), row.GetStringOrNull(10) is { } name ? new(name, row.GetString(11)) : null,
            row.GetInstant(12));
}
