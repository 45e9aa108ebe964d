using Amrutam.Patients.Records;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Amrutam.Platform.Privacy;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Patients.Desk;

/// <summary>Registers a patient without an account, who called or came to the desk.</summary>
/// <remarks>
/// The same phone and birthday offers the existing records instead of a second one; twins are registered by
/// <c>is_another_person</c>. A repeated request meets the record that it made, so it needs no key: a stored response
/// would keep the person's data.
/// </remarks>
static class RegisterPatient
{
    /// <param name="IsAnotherPerson">True: a new record, although others have the same phone and birthday.</param>
    [SchemaName("RegisterPatientRequest")]
    public sealed record Request(string FullName, LocalDate? BirthDate = null, int? AgeYears = null,
        string? Sex = null, string? Phone = null, string? City = null, string? Language = null,
        Patient.Contact? EmergencyContact = null, bool IsAnotherPerson = false);

    const string Action = "patients.read";

    public static void Map(RouteGroupBuilder patients) =>
        patients.MapPost("", Handle).WithSummary("Register a patient without an account")
            .WithDescription("The same phone and birthday offers the existing records instead of a second one.")
            .WithMetadata(new RecordsAccess(Action))
            .Example(PatientsExamples.Caller).Example(PatientsExamples.Registration)
            .WithProblems(CommonProblems.Invalid, PatientsProblems.PatientIsKnown);

    static async Task<Results<Created<DeskPatient>, ProblemHttpResult>> Handle(Request request, HttpContext http,
        CurrentUser caller, PatientsSettings settings, NpgsqlDataSource db)
    {
        var fields = new RequestValidation();
        var patient = PatientFields.Read(fields, request.FullName, request.BirthDate, request.AgeYears, request.Sex,
            request.Phone, request.City, request.Language, request.EmergencyContact, settings.PhoneRegion);
        if (fields.Wrong) return fields.Problem();
        var (known, made) = await db.InTransaction(async connection =>
        {
            var known = request.IsAnotherPerson ? [] : await FindKnown(connection, patient);
            return (known, known.Count > 0 ? null : await Insert(connection, patient, caller));
        });
        if (made is not null) return TypedResults.Created((string?)null, made);
        await RecordAccess.Of(http, Action, "patient", known.Select(p => new Shown(p.Id)));
        return PatientsProblems.PatientIsKnown.Because(
            extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["patients"] = known });
    }

    /// <summary>Locks the phone with the birthday, so that two desks do not register one caller twice at
    /// once.</summary>
    static async Task<List<DeskPatient>> FindKnown(NpgsqlConnection connection, PatientFields patient)
    {
        if (patient.Phone is null || patient.BirthDate is not { } birthDate) return [];
        await connection.Statement(Lock).With($"{patient.Phone} {birthDate:uuuu-MM-dd}").Execute();
        return await connection.Statement(SelectKnown).With(patient.Phone).With(birthDate).List(DeskPatient.Read);
    }

    /// <summary>Inserts the record in a running transaction.</summary>
    public static Task<DeskPatient?> Insert(NpgsqlConnection connection, PatientFields patient, CurrentUser caller) =>
        patient.Bind(connection.Statement(Add)).With(Guid.CreateVersion7()).With(caller.Id).With(caller.Role)
            .With(caller.Trace).One(DeskPatient.Read);

    const string Lock = "select pg_advisory_xact_lock(hashtextextended('register a patient ' || $1, 0))";

    const string SelectKnown = $"""
        select {DeskPatient.Columns} from patients.patients p
         where p.phone = $1 and p.birth_date = $2 and p.merged_into is null order by p.id limit 10
        """;

    const string Add = $"""
        with p as (
            insert into patients.patients (id, full_name, birth_date, age_years, age_said_on, sex, phone, city,
                   language, emergency_name, emergency_phone, registered_by)
            values ($10, $1, $2, $3, case when $3::int is not null then (now() at time zone 'UTC')::date end, $4, $5,
                   $6, $7, $8, $9, $11)
         returning *),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
            select $11, $12, 'patients.registered', 'patient', id, $13 from p)
        select {DeskPatient.Columns} from p
        """;
}
