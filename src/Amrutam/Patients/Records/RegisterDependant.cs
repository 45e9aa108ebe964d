using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Patients.Records;

/// <summary>Registers a dependant of the caller. For a patient under 18 it keeps the guardian's consent: 422
/// guardian_consent_required without it.</summary>
/// <remarks>A repeated request meets the record that it made, so it needs no key: a stored response would keep the
/// patient's data. One request at a time counts the dependants of an account.</remarks>
static class RegisterDependant
{
    /// <param name="Relation">The relation to the caller: child, parent, spouse or other.</param>
    /// <param name="Consent">The guardian's consent, for a patient under 18.</param>
    [SchemaName("RegisterDependantRequest")]
    public sealed record Request(string FullName, string Relation, LocalDate? BirthDate = null, int? AgeYears = null,
        string? Sex = null, string? Phone = null, string? City = null, string? Language = null,
        Patient.Contact? EmergencyContact = null, GivenConsent? Consent = null);

    /// <param name="TextVersion">The version of the text that the guardian read.</param>
    [SchemaName("GuardianConsent")]
    public sealed record GivenConsent(string TextVersion, bool Accepted);

    public const int MaxTextVersion = 50;

    const int OfAge = 18;

    public static readonly string[] Relations = [.. Patient.Relations.Where(relation => relation != Patient.Self)];

    public static void Map(RouteGroupBuilder own) =>
        own.MapPost("", Handle).WithSummary("Register a dependant")
            .WithDescription("A patient whom the caller books for. Under 18 the consent of the guardian is needed.")
            .Example(PatientsExamples.Dependant)
            .WithProblems(CommonProblems.Invalid, PatientsProblems.GuardianConsentRequired,
                PatientsProblems.TooManyDependants, PatientsProblems.DependantIsKnown);

    static async Task<Results<Created<Patient>, ProblemHttpResult>> Handle(Request request, CurrentUser account,
        PatientsSettings settings, PatientsLimits limits, NpgsqlDataSource db)
    {
        var fields = new RequestValidation();
        var patient = PatientFields.Read(fields, request.FullName, request.BirthDate, request.AgeYears, request.Sex,
            request.Phone, request.City, request.Language, request.EmergencyContact, settings.PhoneRegion);
        fields.Refuse(!Relations.Contains(request.Relation), "relation",
            "must be one of " + string.Join(", ", Relations));
        var text = fields.Text("consent.text_version", request.Consent?.TextVersion, MaxTextVersion,
            required: request.Consent is not null);
        if (fields.Wrong) return fields.Problem();
        if (IsMinor(patient, request.Relation) && request.Consent is not { Accepted: true })
            return PatientsProblems.GuardianConsentRequired.Because();
        var (outcome, made) = await db.InTransaction(async connection =>
        {
            await connection.Statement(LockAccount).With(account.Id).Execute();
            var outcome = await connection.Statement(Judge).With(account.Id).With(patient.FullName)
                .With(patient.BirthDate).With(limits.DependantsPerAccount).Value<string>();
            return (outcome, outcome is not null ? null : await Insert(connection, patient, request, text, account));
        });
        return outcome switch
        {
            null => TypedResults.Created((string?)null, made!),
            "known" => PatientsProblems.DependantIsKnown.Because(),
            _ => PatientsProblems.TooManyDependants.Because(),
        };
    }

    /// <summary>A child or another dependant of unknown age counts as a minor.</summary>
    static bool IsMinor(PatientFields patient, string relation)
    {
        var today = SystemClock.Instance.GetCurrentInstant().InUtc().Date;
        var age = patient.AgeYears ?? (patient.BirthDate is { } birth ? Period.Between(birth, today).Years : null);
        return age is null ? relation is Patient.Child or Patient.Other : age < OfAge;
    }

    static Task<Patient?> Insert(NpgsqlConnection connection, PatientFields patient, Request request, string? text,
        CurrentUser account) =>
        patient.Bind(connection.Statement(Add)).With(Guid.CreateVersion7()).With(account.Id).With(request.Relation)
            .With(text).With(account.SecondFactor ? "second_factor" : "session").With(account.Role)
            .With(account.Trace).One(Patient.Read);

    const string LockAccount = "select pg_advisory_xact_lock(hashtextextended('dependants ' || $1::uuid, 0))";

    const string Judge = """
        select case when bool_or(p.full_name = $2 and p.birth_date is not distinct from $3) then 'known'
                    when $4 > 0 and count(*) >= $4 then 'too_many' end
          from patients.guardians g join patients.patients p on p.id = g.patient_id where g.account_id = $1
        """;

    const string Add = $"""
        with p as (
            insert into patients.patients (id, full_name, birth_date, age_years, age_said_on, sex, phone, city,
                   language, emergency_name, emergency_phone, registered_by)
            values ($10, $1, $2, $3, case when $3::int is not null then (now() at time zone 'UTC')::date end, $4, $5,
                   $6, $7, $8, $9, $11)
         returning *),
        h as (
            insert into patients.guardians (patient_id, account_id, relation) select id, $11, $12 from p
         returning relation),
        consent as (
            insert into patients.consents (id, patient_id, account_id, text_version, verified_by)
            select gen_random_uuid(), id, $11, $13, $14 from p where $13::text is not null),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $11, $15, 'patients.registered', 'patient', id,
                   jsonb_build_object('consent', $13::text is not null), $16 from p)
        select {Patient.Columns} from p, h
        """;
}
