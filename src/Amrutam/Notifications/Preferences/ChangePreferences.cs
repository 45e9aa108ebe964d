using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using Npgsql;

namespace Amrutam.Notifications.Preferences;

/// <summary>Changes the caller's wishes for messages, those that are given.</summary>
/// <remarks>The language counts for the next message. Quiet hours count for reminders of visits that are booked or
/// moved afterwards.</remarks>
static class ChangePreferences
{
    /// <summary>The fields to change; null leaves a field as it is.</summary>
    sealed record Request(string? Language = null, string? TimeZone = null, LocalTime? QuietFrom = null,
        LocalTime? QuietUntil = null, string[]? Reminders = null);

    public static void Map(RouteGroupBuilder notifications) =>
        notifications.MapPatch("", Handle).WithSummary("Change your wishes for messages")
            .WithDescription("Changes the fields that are given. Changes of a visit cannot be turned off.")
            .WithProblems(CommonProblems.Invalid);

    static async Task<Results<Ok<MessagePreferences>, ProblemHttpResult>> Handle(Request request, CurrentUser caller,
        NpgsqlDataSource db)
    {
        var fields = new RequestValidation();
        var zone = request.TimeZone is { } given ? TimeZones.Canonical(given) : null;
        fields.Refuse(request.Language is { } language && !MessagePreferences.Languages.Contains(language), "language",
                "must be one of " + string.Join(", ", MessagePreferences.Languages))
            .Refuse(request.TimeZone is not null && zone is null, "time_zone",
                "must be an IANA time zone, as Asia/Kolkata")
            .Refuse(request.Reminders?.All(channel => channel == MessagePreferences.Email) is false, "reminders",
                "may have email only")
            .Refuse(request.Reminders?.Distinct().Count() < request.Reminders?.Length, "reminders",
                "has a channel twice");
        if (fields.Wrong) return fields.Problem();
        return TypedResults.Ok(await db.InTransaction(async connection =>
        {
            await connection.Statement(Lock).With(caller.Id).Execute();
            var before = await MessagePreferences.Of(connection, caller.Id);
            var after = new MessagePreferences(request.Language ?? before.Language, zone ?? before.TimeZone,
                request.QuietFrom ?? before.QuietFrom, request.QuietUntil ?? before.QuietUntil,
                request.Reminders ?? before.Reminders);
            await connection.Statement(Save).With(caller.Id).With(after.Language).With(after.TimeZone)
                .With(after.QuietFrom.ToTimeOnly()).With(after.QuietUntil.ToTimeOnly())
                .With(after.Reminders.ToArray()).With(caller.Role).With(caller.Trace).Execute();
            return after;
        }));
    }

    // Two changes at once keep the fields of both.
    const string Lock = "select pg_advisory_xact_lock(hashtext('message preferences'), hashtext($1::uuid::text))";

    const string Save = """
        with saved as (
            insert into notifications.preferences (account_id, language, time_zone, quiet_from, quiet_until, reminders)
            values ($1, $2, $3, $4, $5, $6)
            on conflict (account_id) do update
               set language = excluded.language, time_zone = excluded.time_zone, quiet_from = excluded.quiet_from,
                   quiet_until = excluded.quiet_until, reminders = excluded.reminders, updated_at = now()
         returning account_id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, trace_id)
        select account_id, $7, 'message_preferences.changed', 'account', account_id, $8 from saved
        """;
}
