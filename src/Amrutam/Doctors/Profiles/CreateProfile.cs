using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Doctors.Profiles;

/// <summary>Creates the profile of the signed-in doctor: 409 one_profile_per_doctor for a second one.</summary>
static class CreateProfile
{
    /// <param name="Experience">In years, 0 to 80.</param>
    /// <param name="FullName">Left out: the account's name.</param>
    /// <param name="Languages">BCP 47 codes or names, at most 10.</param>
    /// <param name="Currency">ISO 4217; INR when not given.</param>
    /// <param name="RegistrationCouncil">The council that gave the number; two doctors cannot have one number of one
    /// council.</param>
    /// <param name="TimeZone">IANA, as Asia/Kolkata, which is also the default.</param>
    public sealed record Request(
        string Specialization, int Experience, string Bio, string? FullName = null,
        IReadOnlyList<string>? Languages = null, int? FeeMinor = null, string? Currency = null,
        string? RegistrationNumber = null, string? RegistrationCouncil = null, string? TimeZone = null);

    public static void Map(RouteGroupBuilder own) => own.MapPost("", Handle)
        .WithSummary("Create your profile")
        .WithDescription("A doctor has one profile. It is listed once the account may practise.")
        .WithLocation().WithProblems(DoctorsProblems.OneProfilePerDoctor, DoctorsProblems.OneDoctorPerRegistration,
            CommonProblems.Invalid);

    static async Task<Results<Created<Doctor>, ProblemHttpResult>> Handle(
        Request request, CurrentUser doctor, NpgsqlDataSource db)
    {
        var fields = new RequestValidation();
        var profile = Check(fields, request);
        if (fields.Wrong) return fields.Problem();
        try
        {
            var created = await Insert(db.Statement(Create), doctor.Id, profile, doctor.Trace);
            return created is null
                ? DoctorsProblems.OneProfilePerDoctor.Because()
                : TypedResults.Created($"/api/doctors/{created.Id}", created);
        }
        catch (PostgresException e) when (ProfileValidation.ProblemOf(e) is { } problem)
        {
            return problem;
        }
    }

    /// <summary>Inserts the profile of an account, in a running transaction.</summary>
    /// <param name="profile">As <see cref="Check"/> returned it.</param>
    public static Task<Doctor?> Insert(NpgsqlConnection connection, Guid account, Request profile, string trace) =>
        Insert(connection.Statement(Create), account, profile, trace);

    static Task<Doctor?> Insert(Statement create, Guid account, Request profile, string trace) =>
        create.With(account).With(profile.FullName).With(profile.Specialization).With(profile.Experience)
            .With(profile.Bio).With(profile.Languages!.ToArray()).With(Languages.NamesOf([.. profile.Languages!]))
            .With(profile.FeeMinor).With(profile.Currency).With(profile.RegistrationNumber).With(profile.TimeZone)
            .With(trace).With(profile.RegistrationCouncil).One(Doctor.ReadOwn);

    /// <returns>The profile in the form to store; of use if the fields have no errors.</returns>
    public static Request Check(RequestValidation fields, Request request) => new(
        ProfileValidation.Specialization(fields, request.Specialization)!,
        ProfileValidation.Experience(fields, request.Experience) ?? 0,
        ProfileValidation.Bio(fields, request.Bio)!,
        request.FullName is null ? null : ProfileValidation.FullName(fields, request.FullName),
        ProfileValidation.Languages(fields, request.Languages),
        ProfileValidation.Fee(fields, request.FeeMinor),
        ProfileValidation.Currency(fields, request.Currency ?? ProfileValidation.DefaultCurrency),
        ProfileValidation.RegistrationNumber(fields, request.RegistrationNumber),
        ProfileValidation.RegistrationCouncil(fields, request.RegistrationCouncil),
        ProfileValidation.TimeZone(fields, request.TimeZone ?? ProfileValidation.DefaultTimeZone));

    // The directory needs a name, and an account may have none: Doctor until the doctor gives one.
    const string Create = $"""
        with d as (
            insert into doctors.profiles (id, full_name, specialization, experience, bio, languages, language_names,
                   fee_minor, currency, registration_number, time_zone, registration_council)
            values ($1, coalesce($2::text, (select full_name from identity.people where id = $1), 'Doctor'),
                    $3, $4, $5, $6, $7, $8, $9, $10, $11, $13)
            on conflict (id) do nothing
            returning *),
        event as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
            select id, 'doctor', 'profiles.created', 'doctor', id, $12 from d)
        select {Doctor.OwnColumns} from d {Doctor.NextOpenSlot} {Doctor.Pending}
        """;
}
