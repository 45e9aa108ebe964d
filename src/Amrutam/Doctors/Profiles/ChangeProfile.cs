using System.Runtime.CompilerServices;
using System.Text.Json;
using Amrutam.Doctors.Directory;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Doctors.Profiles;

/// <summary>Changes the members of the signed-in doctor's profile that the request has; null clears what may be
/// empty.</summary>
/// <remarks>
/// A new name or registration number withdraws the verification in the same statement: it was given to the old ones.
/// A new time zone leaves published slots and bookings at the instants that patients were promised; only later ones
/// follow it.
/// </remarks>
static class ChangeProfile
{
    /// <summary>An init accessor runs only for a member that the body has, and so tells null from absent.</summary>
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
        public string? TimeZone { get; init => field = Given(value); }

        public bool Has(string member) => _given.Contains(member);

        T Given<T>(T value, [CallerMemberName] string member = "")
        {
            _given.Add(member);
            return value;
        }
    }

    public static void Map(RouteGroupBuilder doctors) => doctors.MapPatch("/profile", Handle)
        .RequireAuthorization(Allow.Doctor).WithSummary("Change your profile")
        .WithDescription("Members that are not given stay as they are.")
        .WithProblems(CommonProblems.Absent, CommonProblems.Invalid);

    static async Task<Results<Ok<Doctor>, ProblemHttpResult>> Handle(
        Request request, CurrentUser doctor, NpgsqlDataSource db)
    {
        var fields = new RequestValidation();
        var changes = Changes(fields, request);
        if (fields.Wrong) return fields.Problem();
        try
        {
            var changed = await db.Statement(Change).With(doctor.Id).WithJson(JsonSerializer.Serialize(changes))
                .With(doctor.Trace).One(Doctor.ReadWithNote);
            return changed is null ? CommonProblems.NotFound() : TypedResults.Ok(changed);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidParameterValue)
        {
            return ProfileValidation.UnknownZone();
        }
    }

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
        if (request.Has(nameof(request.TimeZone)))
            changes["time_zone"] = ProfileValidation.TimeZone(fields, request.TimeZone);
        if (!request.Has(nameof(request.Languages))) return changes;
        var languages = ProfileValidation.Languages(fields, request.Languages);
        changes["languages"] = languages;
        changes["language_names"] = Languages.NamesOf(languages);
        return changes;
    }

    // jsonb_populate_record over the present row is the rule of PATCH: an absent member keeps its value, null sets
    // null.
    const string Change = $"""
        with present as materialized (
            select p as was, jsonb_populate_record(p, $2::jsonb) as new
              from doctors.profiles p where p.id = $1 for update),
        compared as materialized (
            select present.*, array(
                select key from jsonb_object_keys($2) key
                 where key <> 'language_names' and to_jsonb(was) -> key is distinct from to_jsonb(new) -> key
                 order by key) as fields
              from present),
        changed as (
            update doctors.profiles d
               set full_name = (c.new).full_name, specialization = (c.new).specialization,
                   experience = (c.new).experience, bio = (c.new).bio, languages = (c.new).languages,
                   language_names = (c.new).language_names,
                   fee_minor = (c.new).fee_minor, currency = (c.new).currency,
                   registration_number = (c.new).registration_number, time_zone = (c.new).time_zone,
                   verified_at = case when not c.fields && array['full_name', 'registration_number']
                                      then d.verified_at end,
                   updated_at = now()
              from compared c where d.id = $1 and cardinality(c.fields) > 0
            returning d.*),
        events as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select $1, 'doctor', e.action, 'doctor', $1, e.details, $3
              from compared c cross join lateral (values
                  ('profiles.changed', jsonb_build_object('fields', c.fields), cardinality(c.fields) > 0),
                  ('doctors.verification_withdrawn', jsonb_build_object('because', 'profile_changed'),
                   (c.was).verified_at is not null and c.fields && array['full_name', 'registration_number']))
                  as e (action, details, happened)
             where e.happened),
        d as (
            select * from changed
            union all
            select (was).* from present where not exists (select from changed))
        select {Doctor.Columns}, d.verification_note from d {Doctor.NextOpenSlot}
        """;
}
