using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.OpenApi;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Generation;
using Amrutam.Scheduling.Slots;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.Schedule;

/// <summary>Replaces the signed-in doctor's weekly rules and generates the slots before it responds.</summary>
/// <remarks>A replacement sends the ETag of the rules that it was made from, so two editors do not overwrite each
/// other. A booked slot stays under any rules. The response lists bookings outside them, which the doctor keeps, moves
/// or cancels.</remarks>
static class ReplaceAvailability
{
    /// <param name="SlotsAdded">Open now and not before.</param>
    /// <param name="SlotsRemoved">Open before and not now.</param>
    /// <param name="SlotsKept">Made from rules before and now, booked ones among them.</param>
    public sealed record Response(
        IReadOnlyList<ScheduleRule> Rules, int MinimumNoticeMinutes, int HorizonDays, string TimeZone,
        int SlotsAdded, int SlotsRemoved, int SlotsKept, IReadOnlyList<ConflictingBooking> BookingsOutside);

    public static void Map(RouteGroupBuilder availability) => availability.MapPut("", Handle)
        .WithSummary("Replace your weekly availability")
        .WithDescription("Makes and closes slots at once. Booked slots stay. If-Match is required.")
        .WithETag().Example(Examples.Week).Example(Examples.Replaced)
        .WithProblems(SchedulingProblems.DoctorHasNoProfile, SchedulingProblems.AvailabilityIsStale,
            SchedulingProblems.AvailabilityNeedsIfMatch, SchedulingProblems.VisitTypeNotOffered,
            CommonProblems.Invalid);

    static async Task<StoredResponse<Ok<Response>>> Handle(
        WeeklySchedule request, CurrentUser doctor, IfMatch match, IdempotencyKey key,
        IdempotentTransaction transaction)
    {
        var fields = new RequestValidation();
        var week = request.Read(fields);
        if (fields.Wrong) return fields.Problem();
        return await transaction.Run(doctor, key, request, async connection =>
        {
            await CalendarLocks.LockCalendars(connection, doctor.Id);
            if (await DoctorCalendar.Of(connection, doctor.Id) is not { } calendar)
                return SchedulingProblems.DoctorHasNoProfile.Because();
            if (calendar.Revision > 0 && match.Tags.Count == 0)
                return SchedulingProblems.AvailabilityNeedsIfMatch.Because();
            if (!match.Allows(calendar.Revision)) return SchedulingProblems.AvailabilityIsStale.Because();
            if (await VisitTypesOfRules.Refusal(connection, doctor.Id, request) is { } refusal) return refusal;
            var plan = calendar.Plan(week, request);
            if (plan.Added + plan.Kept > WeeklySchedule.MostSlots) return TooManySlots(plan);
            var revision = await Save(connection, calendar, request, doctor);
            return await Apply(connection, calendar with { Offered = request }, revision, week, plan, doctor);
        });
    }

    static ProblemHttpResult TooManySlots(SlotPlan plan) => CommonProblems.Field(
        "horizon_days", $"makes {plan.Added + plan.Kept} slots; at most {WeeklySchedule.MostSlots} may be made ahead");

    static async Task<int> Save(
        NpgsqlConnection connection, DoctorCalendar calendar, WeeklySchedule offered, CurrentUser doctor)
    {
        // Booked slots too: they need the notice when they are free again. The kinds of visit of the former rules end.
        Guid[] retimed = calendar.Offered.Notice == offered.Notice && !calendar.Offered.VisitTypes.Any() ? []
            : [.. calendar.Slots.Where(s => s is { FromRules: true, Withdrawn: false } && s.State != SlotState.SetAside)
                .Select(s => s.Id)];
        if (retimed.Length > 0) await connection.Statement(CalendarLocks.Slots).With(retimed).Execute();
        var (rules, kinds) = offered.Apart();
        return await connection.Statement(Replace).With(doctor.Id)
            .WithJson(JsonSerializer.Serialize(rules, Json.Options)).With(offered.MinimumNoticeMinutes)
            .With(offered.HorizonDays).With(calendar.Tomorrow).With(calendar.Zone.Id).With(retimed).With(doctor.Trace)
            .WithJson(kinds is null ? null : JsonSerializer.Serialize(kinds, Json.Options)).Value<int>();
    }

    static async Task<StoredResponse<Ok<Response>>> Apply(NpgsqlConnection connection, DoctorCalendar calendar,
        int revision, IReadOnlyList<WeeklyWindow> week, SlotPlan plan, CurrentUser doctor)
    {
        var done = await ApplySlotPlan.Apply(connection, [(calendar, plan)], doctor);
        // Fewer than planned: some were booked in between and belong into the response.
        if (done.Closed < plan.Close.Count) calendar = (await DoctorCalendar.Of(connection, doctor.Id))!;
        return StoredResponse.Ok(new Response(
            calendar.Offered.Rules, calendar.Offered.MinimumNoticeMinutes, calendar.Offered.HorizonDays,
            calendar.Zone.Id, done.Added, done.Closed - plan.AlreadyHidden, plan.Kept + plan.Close.Count - done.Closed,
            [.. calendar.Outside(week).Select(ConflictingBooking.Of)]), IfMatch.Tag(revision));
    }

    // A held slot that the new notice closes is withdrawn instead, so that its holder may still book it.
    const string Replace = """
        with replaced as (
            insert into scheduling.availability as a (
                doctor_id, rules, minimum_notice_minutes, horizon_days, due_at, made_in_zone, rule_visit_types,
                rule_visit_types_revision)
            values ($1, $2, $3, $4, $5, $6, $9, 1)
            on conflict (doctor_id) do update set rules = $2, minimum_notice_minutes = $3, horizon_days = $4,
                due_at = $5, made_in_zone = $6, rule_visit_types = $9, rule_visit_types_revision = a.revision + 1,
                revision = a.revision + 1, updated_at = now()
            returning doctor_id, revision),
        retimed as (
            update scheduling.slots s
               set bookable_until = case when scheduling.slot_state(s) = 'held' and until <= statement_timestamp()
                   then '-infinity' else until end,
                   visit_type_ids = null
              from (select id, starts_at - make_interval(mins => $3) as until
                      from scheduling.slots where id = any($7)) new
             where s.id = new.id),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
            select doctor_id, 'doctor', 'availability.replaced', 'availability', doctor_id,
                   jsonb_build_object('revision', revision, 'rules', jsonb_array_length($2), 'horizon_days', $4::int,
                                      'minimum_notice_minutes', $3::int), $8
              from replaced)
        select revision::int from replaced
        """;
}
