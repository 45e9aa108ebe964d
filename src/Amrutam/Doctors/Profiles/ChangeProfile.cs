using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Doctors.Profiles;

/// <summary>Changes the members of the signed-in doctor's profile that the request has; null clears a member that may
/// be empty. 429 too_many_profile_changes beyond the limit of an hour.</summary>
/// <remarks>
/// In a verified profile, new values of the verified fields wait for an administrator (<see cref="VerifyDoctor"/>), and
/// the old ones stay shown. A new time zone leaves published slots and bookings at the instants that patients were
/// promised; only later ones follow it.
/// </remarks>
static class ChangeProfile
{
    /// <summary>An init accessor runs only for a member that the body has. So null and absent differ.</summary>
    public sealed record Request
    {
        readonly HashSet<string> _given = [];

        public string? Specialization { get; init => field = Given(value); }
        public int? Experience { get; init => field = Given(value); }
        public string? Bio { get; init => field = Given(value); }
        public string? FullName { get; init => field = Given(value); }
        public IReadOnlyList<string>? Languages { get; init => field = Given(value); }
        public int? FeeMinor { get; init => field = Given(value); }
        public string? Currency { get; init => field = Given(value); }
        public string? RegistrationNumber { get; init => field = Given(value); }
        public string? RegistrationCouncil { get; init => field = Given(value); }
        public string? TimeZone { get; init => field = Given(value); }

        public bool Has(string member) => _given.Contains(member);

        T Given<T>(T value, [CallerMemberName] string member = "")
        {
            _given.Add(member);
            return value;
        }
    }

    /// <param name="Doctor">Null when the change was refused.</param>
    /// <param name="WaitSeconds">The time until the limit allows another change; null within the limit.</param>
    /// <param name="Taken">Whether another doctor has the new registration number.</param>
    sealed record Outcome(Doctor? Doctor, int? WaitSeconds, bool Taken);

    public static void Map(RouteGroupBuilder own) => own.MapPatch("", Handle)
        .WithSummary("Change your profile")
        .WithDescription("Members that are not given stay as they are.")
        .WithProblems(CommonProblems.Absent, CommonProblems.Invalid, DoctorsProblems.OneDoctorPerRegistration,
            DoctorsProblems.TooManyProfileChanges);

    static async Task<Results<Ok<Doctor>, ProblemHttpResult>> Handle(
        Request request, CurrentUser doctor, DoctorsLimits limits, HttpContext http, NpgsqlDataSource db)
    {
        var fields = new RequestValidation();
        var changes = Changes(fields, request);
        if (fields.Wrong) return fields.Problem();
        try
        {
            var outcome = await db.Statement(Change).With(doctor.Id).WithJson(JsonSerializer.Serialize(changes))
                .With(doctor.Trace).With(limits.ProfileChangesPerDoctor).With(ProfileValidation.VerifiedFields)
                .One(Read);
            switch (outcome)
            {
                case null: return CommonProblems.NotFound();
                case { WaitSeconds: { } seconds }:
                    http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
                    return DoctorsProblems.TooManyProfileChanges.Because();
                case { Taken: true }: return DoctorsProblems.OneDoctorPerRegistration.Because();
                default: return TypedResults.Ok(outcome.Doctor);
            }
        }
        catch (PostgresException e) when (ProfileValidation.ProblemOf(e) is { } problem)
        {
            return problem;
        }
    }

    static Outcome Read(NpgsqlDataReader row) =>
        new(row.IsDBNull(0) ? null : Doctor.ReadOwn(row), row.GetInt32OrNull(Doctor.OwnColumnCount),
            row.GetBoolean(Doctor.OwnColumnCount + 1));

    /// <returns>The new values by column.</returns>
    static Dictionary<string, object?> Changes(RequestValidation fields, Request request)
    {
        var changes = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (request.Has(nameof(request.Specialization)))
            changes["specialization"] = ProfileValidation.Specialization(fields, request.Specialization);
        if (request.Has(nameof(request.Experience)))
            changes["experience"] = ProfileValidation.Experience(fields, request.Experience);
        if (request.Has(nameof(request.Bio)))
            changes["bio"] = ProfileValidation.Bio(fields, request.Bio);
        if (request.Has(nameof(request.FullName)))
            changes["full_name"] = ProfileValidation.FullName(fields, request.FullName);
        if (request.Has(nameof(request.FeeMinor)))
            changes["fee_minor"] = ProfileValidation.Fee(fields, request.FeeMinor);
        if (request.Has(nameof(request.Currency)))
            changes["currency"] = ProfileValidation.Currency(fields, request.Currency);
        if (request.Has(nameof(request.RegistrationNumber)))
            changes["registration_number"] = ProfileValidation.RegistrationNumber(fields, request.RegistrationNumber);
        if (request.Has(nameof(request.RegistrationCouncil)))
            changes["registration_council"] =
                ProfileValidation.RegistrationCouncil(fields, request.RegistrationCouncil);
        if (request.Has(nameof(request.TimeZone)))
            changes["time_zone"] = ProfileValidation.TimeZone(fields, request.TimeZone);
        if (!request.Has(nameof(request.Languages))) return changes;
        var languages = ProfileValidation.Languages(fields, request.Languages);
        changes["languages"] = languages;
        changes["language_names"] = Languages.NamesOf(languages);
        return changes;
    }

    // An absent member keeps its value and null sets null. $5 are the verified fields: in a verified profile they go to
    // pending, and a value that is shown already leaves it. The result is the profile with its pending changes.
    const string Change = $"""
        with present as materialized (
            select p as was, to_jsonb(p) || coalesce(p.pending, jsonb_build_object()) as wish
              from doctors.profiles p where p.id = $1 for update),
        asked as materialized (
            select was, case when (was).verified_at is null then $2::jsonb else $2 - $5::text[] end as at_once,
                   case when (was).verified_at is not null then (
                       select jsonb_object_agg(e.key, e.value)
                         from jsonb_each(coalesce((was).pending, jsonb_build_object()) || $2) e
                        where e.key = any ($5) and e.value is distinct from to_jsonb(was) -> e.key) end as pending,
                   array(select e.key from jsonb_each($2) e
                          where e.key <> 'language_names' and e.value is distinct from wish -> e.key
                          order by e.key) as fields
              from present),
        judged as materialized (
            select a.*, recent.began,
                   case when $4::int > 0 and (was).changes >= $4 and recent.began is not null
                             and cardinality(fields) > 0
                        then greatest(1, ceil(extract(epoch from recent.began + interval '1 hour' - now())))::int end
                       as wait,
                   coalesce(a.pending is distinct from (was).pending and exists (
                       select from jsonb_populate_record(was, a.pending) new
                         join doctors.profiles other
                           on doctors.registration_key(other.registration_council, other.registration_number)
                              = doctors.registration_key(new.registration_council, new.registration_number)
                        where other.registration_number is not null and not other.registration_disputed
                          and other.id <> $1), false) as taken
              from asked a
              left join lateral (
                  select (was).changes_since as began
                   where (was).changes_since > now() - interval '1 hour') recent on true),
        changed as (
            update doctors.profiles d
               set full_name = new.full_name, specialization = new.specialization, experience = new.experience,
                   bio = new.bio, languages = new.languages, language_names = new.language_names,
                   fee_minor = new.fee_minor, currency = new.currency, time_zone = new.time_zone,
                   registration_number = new.registration_number, registration_council = new.registration_council,
                   registration_disputed = d.registration_disputed
                       and not j.at_once ?| array['registration_number', 'registration_council'],
                   pending = j.pending,
                   pending_since = case when j.pending is null then null
                                        when j.pending = d.pending then d.pending_since else now() end,
                   changes = case when j.began is null then 1 else d.changes + 1 end,
                   changes_since = coalesce(j.began, now()), updated_at = now()
              from judged j cross join lateral jsonb_populate_record(j.was, j.at_once) new
             where d.id = $1 and cardinality(j.fields) > 0 and j.wait is null and not j.taken
            returning d.*),
        events as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $1, 'doctor', e.action, 'doctor', $1, e.details, $3
              from changed c cross join judged j cross join lateral (values
                  ('profiles.changed', jsonb_build_object('fields', j.fields), true),
                  ('doctors.verification_requested',
                   jsonb_build_object('fields', array(select jsonb_object_keys(c.pending) order by 1)),
                   c.pending is not null and c.pending is distinct from (j.was).pending))
                  as e (action, details, happened)
             where e.happened),
        d as (
            select * from changed
            union all
            select (was).* from present where not exists (select from changed))
        select {Doctor.OwnColumns}, j.wait, j.taken
          from d {Doctor.NextOpenSlot} {Doctor.Pending} cross join judged j
        """;
}
