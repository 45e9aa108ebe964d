using Amrutam.Platform.Data;

namespace Amrutam.Tests.Tidy.Statements;

/// <summary>Each index of the tables that a booking writes is read by a statement of the product.</summary>
/// <remarks>A booking pays for each entry, so an index without such a statement goes.</remarks>
[Collection(nameof(SeededDatabase))]
public sealed class IndexTests(SeededDatabase seeded)
{
    static readonly string[] Tables =
        ["audit.events", "platform.idempotency_keys", "scheduling.bookings", "scheduling.slots"];

    /// <param name="Statement">Null for an index that only holds a constraint.</param>
    /// <param name="Values">The values that the statement is planned for; null for its generic plan.</param>
    sealed record Need(string Index, string? Statement, string? Values = null);

    /// <summary>Every index of <see cref="Tables"/>, with a statement that needs it.</summary>
    static readonly Need[] Needs =
    [
        new("events_pkey", "Audit.Reading.ListEvents.Newest", Filter("'booking'", "'bookings.booked'")),
        new("events_by_position", "Platform.EventLog.EventReader`1.ReadOn"),
        new("events_of_a_kind", "Audit.Reading.ListEvents.Newest", Filter("'slot'", "null")),
        new("events_of_an_action", "Audit.Reading.ListEvents.Newest", Filter("null", "'slots.published'")),
        new("events_of_an_actor", "Audit.Reading.EventPersonalData.ReadAll"),
        new("events_of_an_entity", "Audit.Reading.ReadAccessLog.Newest"),

        new("idempotency_keys_by_age", "Platform.Idempotency.ForgetKeys.ForgetOld"),
        new("idempotency_keys_of_refusals", "Platform.Idempotency.ForgetKeys.ForgetRefusals"),
        new("idempotency_keys_pkey", "Platform.Idempotency.IdempotentTransaction.Replay"),

        new("bookings_of_a_doctor", "Scheduling.Bookings.ListBookings.LatestOfDoctor"),
        new("bookings_made_for_others", "Scheduling.Bookings.Reserving.BookingStatement.Decide"),
        new("bookings_of_a_patient", "Scheduling.Bookings.Reserving.BookingStatement.Decide"),
        new("bookings_of_a_series", "Scheduling.Bookings.Steps.CancelSeries.LockRows"),
        new("bookings_pkey", "Scheduling.Bookings.ReadBooking.Select"),
        new("cancellations_of_an_account", "Scheduling.Bookings.Reserving.BookingStatement.Decide"),
        new("one_active_booking_per_slot", "Scheduling.Waitlist.ReleaseExpiredSlots.EndOffers"),
        new("requests_by_expiry", "Scheduling.Bookings.Steps.ExpireRequests.Expire"),

        new("slots_by_time", "Scheduling.Contracts.SlotsOnOffer.CountBookable"),
        new("slots_given_up", "Scheduling.Schedule.GenerateSlots.LockDue"),
        new("slots_held", "Scheduling.Slots.ListOpenSlots.Select"),
        new("slots_of_a_doctor_by_time", "Scheduling.Slots.ListOwnSlots.Select"),
        new("slots_of_a_doctor_do_not_overlap", null),
        new("slots_of_a_holder", "Scheduling.Bookings.Holds.ListHolds.Select"),
        new("slots_pkey", "Scheduling.Slots.CalendarLocks.Slots"),
    ];

    static string Filter(string entity, string action) =>
        $"({entity}, null, null, {action}, null, null, null, null, 21)";

    [Fact]
    public async Task Every_index_that_a_booking_may_write_is_on_the_list()
    {
        await using var connection = await seeded.Open();
        (await connection.Statement(SelectIndexes).With(Tables).List(row => row.GetString(0)))
            .ShouldBe(Needs.Select(n => n.Index), ignoreOrder: true);
        (await connection.Statement(SelectConstraints).With(Tables).List(row => row.GetString(0)))
            .ShouldBeSubsetOf(Needs.Where(n => n.Statement is null).Select(n => n.Index));
    }

    [Fact]
    public async Task The_statement_that_needs_an_index_reads_it()
    {
        await using var connection = await seeded.Open();
        var unread = new List<string>();
        foreach (var (index, name, values) in Needs)
        {
            if (name is null) continue;
            await connection.Statement("select set_config('plan_cache_mode', $1, false)")
                .With(values is null ? "force_generic_plan" : "force_custom_plan").Execute();
            var plan = await Plans.Explain(connection, SqlConstants.All.Single(s => s.Name == "Amrutam." + name).Text,
                values);
            var read = await connection.Statement(SelectParents)
                .With(Plans.Nodes(plan).Select(node => Plans.Text(node, "Index Name")).OfType<string>().ToArray())
                .List(row => row.GetString(0));
            if (!read.Contains(index)) unread.Add($"{name} reads {string.Join(", ", read)} and not {index}: {plan}");
        }
        unread.ShouldBeEmpty();
    }

    const string SelectIndexes = """
        select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
         where i.indrelid::regclass::text = any($1)
        """;

    // A unique constraint's index serves lookups too, an exclusion's may not.
    const string SelectConstraints = """
        select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
         where i.indrelid::regclass::text = any($1) and i.indisexclusion
        """;

    // The index of a month is a part of the log's index.
    const string SelectParents = """
        select distinct coalesce(p.relname, c.relname) from pg_class c
          left join pg_inherits i on i.inhrelid = c.oid
          left join pg_class p on p.oid = i.inhparent
         where c.relname = any($1)
        """;
}
