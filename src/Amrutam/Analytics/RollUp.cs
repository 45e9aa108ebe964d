using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using NodaTime;
using Npgsql;

namespace Amrutam.Analytics;

/// <summary>Counts events for the dashboard and the statistics, so that no request counts a big table.</summary>
/// <remarks>A batch of events is added up in memory and written as one change for each count.</remarks>
sealed class RollUp : IReadEvents
{
    public string Name => "analytics";

    public async Task Apply(NpgsqlConnection connection, IReadOnlyList<Event> events)
    {
        var known = await Known(connection, events);
        var tally = new Tally();
        foreach (var e in events) Count(e, known, tally);
        await connection.Statement(SaveBookings)
            .With(known.Bookings.Values.Select(b => b.Id).ToArray())
            .With(known.Bookings.Values.Select(b => b.BookedOn.ToDateOnly()).ToArray())
            .With(known.Bookings.Values.Select(b => b.StartsAt.ToDateTimeUtc()).ToArray())
            .With(known.Bookings.Values.Select(b => b.Lead).ToArray())
            .With(known.Bookings.Values.Select(b => b.Specialization).ToArray())
            .With(known.Bookings.Values.Select(b => b.Outcome).ToArray()).Execute();
        var changed = tally.Changed;
        await connection.Statement(AddCounts)
            .With(changed.ConvertAll(c => c.Key.Measure).ToArray()).With(changed.ConvertAll(c => c.Key.Key).ToArray())
            .With(changed.ConvertAll(c => c.Key.Day.ToDateOnly()).ToArray())
            .With(changed.ConvertAll(c => c.Value).ToArray()).Execute();
    }

    /// <summary>Starts over, because a count does not know its events.</summary>
    public async Task<long> Rewind(NpgsqlConnection connection, long position)
    {
        await connection.Statement(ForgetBookings).Execute();
        await connection.Statement(ForgetCounts).Execute();
        return 0;
    }

    /// <param name="Roles">The roles of the accounts that were erased.</param>
    sealed record Facts(Dictionary<Guid, KnownBooking> Bookings, Dictionary<Guid, string> Specializations,
        Dictionary<Guid, string> Roles);

    static async Task<Facts> Known(NpgsqlConnection connection, IReadOnlyList<Event> events)
    {
        var (bookings, doctors, erased) = (new List<Guid>(events.Count), new HashSet<Guid>(), new HashSet<Guid>());
        foreach (var e in events)
        {
            if (BookingEvents.OutcomeAfter(e.Action) is not null) bookings.Add(e.EntityId!.Value);
            if (e.IsNew()) doctors.Add(e.DoctorId());
            if (e.Action == Erased) erased.Add(e.EntityId!.Value);
        }
        // A booking with two events is asked for twice and comes once.
        var known = new Dictionary<Guid, KnownBooking>(bookings.Count);
        foreach (var booking in await connection.Statement(KnownBookings).With(bookings).List(ReadKnown))
            known.Add(booking.Id, booking);
        var fields = await connection.Statement(Specializations).With(doctors.ToArray())
            .List(row => (Id: row.GetGuid(0), Field: row.GetString(1)));
        var roles = erased.Count == 0 ? [] : await connection.Statement(Roles).With(erased.ToArray())
            .List(row => (Id: row.GetGuid(0), Role: row.GetString(1)));
        return new(known, fields.ToDictionary(f => f.Id, f => f.Field), roles.ToDictionary(r => r.Id, r => r.Role));
    }

    const string Erased = "accounts.erased";

    static void Count(Event e, Facts known, Tally tally)
    {
        var day = e.At.InZone(Clinic.Zone).Date;
        switch (e.Action)
        {
            case "accounts.signed_up" or "accounts.created":
                tally.Add(Measures.Accounts, e.Detail("role"u8).GetString()!, day, 1);
                break;
            case "accounts.role_changed":
                tally.Add(Measures.Accounts, e.Detail("from"u8).GetString()!, day, -1);
                tally.Add(Measures.Accounts, e.Detail("to"u8).GetString()!, day, 1);
                break;
            // An erased account keeps its last role.
            case Erased:
                if (known.Roles.TryGetValue(e.EntityId!.Value, out var role))
                    tally.Add(Measures.Accounts, role, day, -1);
                break;
            case "slots.published":
                tally.Add(Measures.Slots, Measures.Published, day, Many(e));
                break;
            case "slots.closed":
                tally.Add(Measures.Slots, Measures.Closed, day, Many(e));
                break;
            case var action when BookingEvents.OutcomeAfter(action) is { } outcome:
                var before = known.Bookings.GetValueOrDefault(e.EntityId!.Value);
                var after = After(e, outcome, before, known);
                before?.AddTo(tally, -1);
                after.AddTo(tally, 1);
                known.Bookings[after.Id] = after;
                break;
        }
    }

    static KnownBooking After(Event e, string outcome, KnownBooking? before, Facts known)
    {
        if (e.IsNew())
        {
            var startsAt = e.StartsAt();
            return new(e.EntityId!.Value, e.At.InZone(Clinic.Zone).Date, startsAt, KnownBooking.LeadOf(e.At, startsAt),
                known.Specializations.GetValueOrDefault(e.DoctorId(), ""), outcome);
        }
        if (before is null) throw new InvalidDataException("a booking changed that was never booked");
        return e.Action == "bookings.moved"
            ? before with { StartsAt = e.StartsAt() }
            : before with { Outcome = outcome };
    }

    /// <summary>The number of slots of one event.</summary>
    static long Many(Event e) => e.Has("count"u8, out var count) ? count.GetInt64() : 1;

    static KnownBooking ReadKnown(NpgsqlDataReader row) =>
        new(row.GetGuid(0), LocalDate.FromDateOnly(row.GetFieldValue<DateOnly>(1)), row.GetInstant(2),
            row.GetString(3), row.GetString(4), row.GetString(5));

    const string ForgetBookings = "delete from analytics.bookings";

    const string ForgetCounts = "delete from analytics.daily";

    const string KnownBookings =
        "select id, booked_on, starts_at, lead, specialization, outcome from analytics.bookings where id = any($1)";

    const string Roles = "select id, role from identity.people where id = any($1)";

    const string Specializations = "select id, specialization from doctors.practitioners where id = any($1)";

    const string SaveBookings = """
        insert into analytics.bookings (id, booked_on, starts_at, lead, specialization, outcome)
        select * from unnest($1::uuid[], $2::date[], $3::timestamptz[], $4::text[], $5::text[], $6::text[])
        on conflict (id) do update set starts_at = excluded.starts_at, outcome = excluded.outcome
        """;

    const string AddCounts = """
        insert into analytics.daily as d (measure, key, day, n)
        select * from unnest($1::text[], $2::text[], $3::date[], $4::bigint[])
        on conflict (measure, key, day) do update set n = d.n + excluded.n
        """;
}
