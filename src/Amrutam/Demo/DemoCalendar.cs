using Amrutam.Identity.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Scheduling;
using NodaTime;
using Npgsql;

namespace Amrutam.Demo;

/// <summary>The slots, bookings, time off and waiting list of the demo.</summary>
/// <remarks>
/// One rule makes past and future. Each slot's dice say when it is booked and how the booking ends. Only steps before
/// now have happened. The ids of the API's examples are given to rows that their callers may see.
/// </remarks>
static class DemoCalendar
{
    const int DaysBehind = 165, DaysAhead = 21;

    public static async Task Fill(NpgsqlConnection connection)
    {
        var trace = CommonProblems.Trace();
        await Publish(connection, trace);
        await connection.Statement(BookSlots).With(trace).With(Examples.SlotId).With(ExampleAccounts.Patient)
            .With(Examples.BookingId).Execute();
        await connection.Statement(TakeTimeOff).With(trace).With(Examples.TimeOff.Id).With(ExampleAccounts.Doctor)
            .Execute();
        await connection.Statement(JoinWaitlist).With(trace).With(Examples.Waiting.Id).With(ExampleAccounts.Patient)
            .With(ExampleAccounts.Doctor).Execute();
        await connection.Statement(CountAttempts).Execute();
    }

    /// <summary>Publishes three hours a day on each doctor's wall clock, not on Sundays.</summary>
    /// <remarks>A week is published three weeks before it begins, or when the doctor joins.</remarks>
    static async Task Publish(NpgsqlConnection connection, string trace)
    {
        var now = (await connection.Statement(Now).One(row => row.GetInstant(0)))!.Value;
        var slots = DemoPeople.Doctors.SelectMany((doctor, i) =>
        {
            var zone = TimeZones.Zone(doctor.Zone)!;
            return Enumerable.Range(-DaysBehind, DaysBehind + DaysAhead + 1).Select(now.InZone(zone).Date.PlusDays)
                .Where(date => date.DayOfWeek != IsoDayOfWeek.Sunday)
                .SelectMany(date => Enumerable.Range(0, 6).Select(half => (Email: DemoPeople.EmailOfDoctor(i),
                    At: TimeZones.FirstAt(date.At(new(9 + (i + 1) % 6, 0)).PlusMinutes(30 * half), zone),
                    Published: zone.AtStartOfDay(date.With(DateAdjusters.PreviousOrSame(IsoDayOfWeek.Monday))
                        .PlusDays(-23)).ToInstant())));
        }).ToList();
        await connection.Statement(PublishSlots).With(trace).With(ExampleAccounts.Doctor).With(Examples.SlotId)
            .With(slots.ConvertAll(s => s.Email).ToArray())
            .With(slots.ConvertAll(s => s.At.ToDateTimeUtc()).ToArray())
            .With(slots.ConvertAll(s => s.Published.ToDateTimeUtc()).ToArray()).Execute();
    }

    public const string Now = "select now()";

    // Every slot begins on a whole or half hour of UTC, which keeps two of them from overlapping in part. The example's
    // slot is the doctor's first one after two days.
    const string PublishSlots = """
        with planned as (
            select d.id as doctor_id, starts_at, greatest(d.created_at + interval '2 hours', published_at)
                       as published_at,
                   row_number() over (partition by d.id, starts_at > now() + interval '2 days'
                                      order by starts_at) as n
              from unnest($4::text[], $5::timestamptz[], $6::timestamptz[]) as a (email, starts_at, published_at)
              join identity.users u on u.email = a.email
              join doctors.profiles d on d.id = u.id
             where starts_at > d.created_at + interval '1 day'),
        published as (
            insert into scheduling.slots (id, doctor_id, starts_at, ends_at, created_at)
            select case when doctor_id = $2 and n = 1 and starts_at > now() + interval '2 days' then $3::uuid
                        else md5(doctor_id::text || extract(epoch from starts_at))::uuid end,
                   doctor_id, starts_at, starts_at + interval '30 minutes', published_at
              from planned
            returning doctor_id, created_at)
        insert into audit.events (at, actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select created_at, doctor_id, 'doctor', 'slots.published', 'doctor', doctor_id,
               jsonb_build_object('count', count(*)), $1
          from published group by doctor_id, created_at order by created_at
        """;

    // The bytes of a slot's MD5 replace chance: they decide whether it is booked, when, and how the booking ends. It is
    // booked at most ten days ahead. The list has the patients who signed up eleven days before, so nobody books before
    // they sign up. Each half hour begins elsewhere in it, so no patient has two bookings at once.
    const string BookSlots = """
        with patients as (
            select array_agg(id order by created_at, email) as ids, array_agg(created_at order by created_at) as since
              from identity.users where role = 'patient'),
        slot as (
            select s.*, ids, decode(md5(s.id::text), 'hex') as dice,
                   row_number() over (partition by s.starts_at order by s.doctor_id) as seat,
                   ('x' || left(md5(s.starts_at::text), 6))::bit(24)::int as entrance,
                   width_bucket(s.starts_at - interval '11 days', since) as ring,
                   90 + 80 * (1 - extract(epoch from now() - s.starts_at) / extract(epoch from interval '180 days'))
                       - case extract(isodow from s.starts_at) when 6 then 45 else 0 end as chance
              from scheduling.slots s join doctors.profiles d on d.id = s.doctor_id cross join patients
             where d.verified_at is not null and s.id <> $2),
        taken as (
            select slot.*, ids[1 + (entrance + seat) % ring] as patient_id,
                   case when get_byte(dice, 4) < 64 then 'doctor' else 'patient' end as canceller,
                   greatest(created_at + make_interval(mins => 5 * get_byte(dice, 5)),
                       starts_at - make_interval(mins => 2 + get_byte(dice, 1) * get_byte(dice, 2) / 5)) as booked_at
              from slot where get_byte(dice, 0) < chance),
        ended as (
            select taken.*, fate, case when ended_at <= now() then ended_at end as ended_at,
                   case when ended_at <= now() then fate else 'confirmed' end as status,
                   row_number() over (partition by patient_id order by starts_at desc) as latest
              from taken,
                   lateral (select case when get_byte(dice, 3) < 30 then 'cancelled'
                                        when get_byte(dice, 3) < 48 then 'no_show' else 'completed' end as fate) f,
                   lateral (select case fate when 'cancelled' then booked_at + (starts_at - booked_at) * 0.6
                                             when 'no_show' then starts_at + interval '15 minutes'
                                             else ends_at end as ended_at) e
             where booked_at <= now()),
        booked as (
            insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at, status,
                   cancelled_by, no_show_party, revision, created_at, updated_at)
            select case when patient_id = $3 and latest = 1 then $4::uuid else md5('booking ' || id)::uuid end, id,
                   doctor_id, patient_id, starts_at, ends_at, status,
                   case status when 'cancelled' then canceller end, case status when 'no_show' then 'patient' end,
                   case status when 'confirmed' then 0 else 1 end, booked_at, coalesce(ended_at, booked_at)
              from ended
            returning *),
        marked as (
            update scheduling.slots s set booking_id = b.id
              from booked b where b.slot_id = s.id and b.status <> 'cancelled'),
        kept as (
            insert into scheduling.booking_steps
                   (booking_id, revision, action, from_status, to_status, actor_id, actor_role, at)
            select id, 1, status, 'confirmed', status,
                   case cancelled_by when 'patient' then patient_id else doctor_id end,
                   coalesce(cancelled_by, 'doctor'), updated_at
              from booked where status <> 'confirmed')
        insert into audit.events (at, actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select created_at, patient_id, 'patient', 'bookings.booked', 'booking', id,
               jsonb_build_object('doctor_id', doctor_id, 'slot_id', slot_id, 'starts_at', starts_at), $1
          from booked
        union all
        select updated_at, case cancelled_by when 'patient' then patient_id else doctor_id end,
               coalesce(cancelled_by, 'doctor'), 'bookings.' || status, 'booking', id,
               jsonb_strip_nulls(jsonb_build_object('doctor_id', doctor_id, 'starts_at', starts_at,
                   'slot_id', case status when 'cancelled' then slot_id end, 'party', no_show_party)), $1
          from booked where status <> 'confirmed'
         order by 1, 4
        """;

    // After the last slot, so that it closes none.
    const string TakeTimeOff = """
        with taken as (
            insert into scheduling.time_off (id, doctor_id, starts_at, ends_at, created_at)
            select $2, $3, date_trunc('day', now()) + interval '40 days', date_trunc('day', now()) + interval '45 days',
                   now() - interval '6 days'
            returning *)
        insert into audit.events (at, actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select created_at, doctor_id, 'doctor', 'time_off.taken', 'time_off', id,
               jsonb_build_object('doctor_id', doctor_id, 'starts_at', starts_at, 'ends_at', ends_at), $1
          from taken
        """;

    // After the last slot too, so that the place in line stays open.
    const string JoinWaitlist = """
        with joined as (
            insert into scheduling.waitlist_entries (id, patient_id, doctor_id, starts_from, starts_until, created_at)
            select $2, $3, $4, now() + interval '25 days', now() + interval '35 days', now() - interval '3 hours'
            returning *)
        insert into audit.events (at, actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select created_at, patient_id, 'patient', 'waitlist.joined', 'waitlist_entry', id,
               jsonb_build_object('doctor_id', doctor_id), $1
          from joined
        """;

    // Refusals write no event, so their counts are invented: about one for every six bookings.
    const string CountAttempts = """
        with booked as (
            select (created_at at time zone 'Asia/Kolkata')::date as day, count(*) as n
              from scheduling.bookings group by 1)
        insert into analytics.attempts as a (day, outcome, n)
        select day, outcome, n / share
          from booked, (values ('one_active_booking_per_slot', 9),
                              ('bookings_of_a_patient_do_not_overlap', 24), ('slot_has_started', 40))
                      as o (outcome, share)
         where n >= share
        on conflict (day, outcome) do update set n = a.n + excluded.n
        """;
}
