using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Scheduling.Contracts;
using Amrutam.Scheduling.Slots;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Judges whether a patient may have slots, for holds, moves, series, offers and long visits.</summary>
/// <remarks>
/// <see cref="BookingBatch"/> judges many patients at once by the same SQL function, <c>scheduling.bookability</c>. The
/// slots are locked in id order, then the patient and the account. The judgement is a later statement, so it sees what
/// the locks protect.
/// </remarks>
sealed class CheckBookability(SchedulingSettings settings, SchedulingLimits limits)
{
    /// <summary>Judges one slot for a hold, which is of no kind of visit.</summary>
    /// <returns>The problem as a response, or null.</returns>
    public async Task<StoredResponse?> Refusal(NpgsqlConnection connection, Guid slot, Guid patient, CurrentUser by)
    {
        await Lock(connection, [slot], patient, by, by.Id);
        var code = await connection.Statement(SelectRefusal).With(slot).With(patient).With(by.Id)
            .With(by.Role == Allow.Patient).With(settings.VerifiedDoctorsOnly).With(limits.OpenBookingsPerPatient)
            .With(limits.OpenBookingsPerPatientAndDoctor).With(limits.CancellationsPerPatient).Value<string>();
        return code is null ? null : await Problem(connection, code, slot, patient, by);
    }

    /// <summary>Judges slots for visits of a kind, each with the other slots that its visit takes.</summary>
    /// <param name="by">The account that asks. The notice and the limits bind patients, not doctors or staff. Those
    /// move a booking for the account that made it.</param>
    /// <param name="visit">For a move the booking's own kind.</param>
    /// <param name="moved">The patient's booking that is to leave its slot for this one, or null. A booking of a series
    /// does not count against the limits, so they do not bind its move.</param>
    public async Task<List<VisitPlace>> CheckVisits(NpgsqlConnection connection, Guid[] slots, Guid patient,
        CurrentUser by, WantedVisit visit, Booking? moved = null)
    {
        var account = moved is null || by.Role == Allow.Patient ? by.Id : moved.BookedBy;
        for (var locked = new HashSet<Guid>(); ;)
        {
            // The slots of a visit are known after a judgement. It is repeated under their locks.
            var places = await Judge();
            Guid[] taken = [.. slots, .. places.SelectMany(place => place.MoreSlots)];
            if (moved is not null) taken = [.. taken, .. await SlotsOf(connection, moved.Id)];
            if (locked.IsSupersetOf(taken)) return places;
            locked.UnionWith(taken);
            await Lock(connection, [.. locked], patient, by, account);
        }

        Task<List<VisitPlace>> Judge()
        {
            var limited = moved?.SeriesId is null;
            return connection.Statement(SelectVisits).With(slots).With(patient).With(account).With(moved?.Id)
                .With(by.Role == Allow.Patient).With(settings.VerifiedDoctorsOnly)
                .With(limited ? limits.OpenBookingsPerPatient : 0)
                .With(limited ? limits.OpenBookingsPerPatientAndDoctor : 0).With(limits.CancellationsPerPatient)
                .With(visit.TypeId).With(visit.ExpectedFee).List(VisitPlace.Read);
        }
    }

    /// <returns>The problem with the one slot as a response, or null; and its place.</returns>
    public async Task<(StoredResponse? Refusal, VisitPlace Place)> CheckVisit(NpgsqlConnection connection, Guid slot,
        Guid patient, CurrentUser by, WantedVisit visit, Booking? moved = null)
    {
        var place = (await CheckVisits(connection, [slot], patient, by, visit, moved))[0];
        return (place.Refusal is { } code
            ? await Problem(connection, code, slot, patient, by, moved, visit.TypeId) : null, place);
    }

    static Task<List<Guid>> SlotsOf(NpgsqlConnection connection, Guid booking) =>
        connection.Statement(SelectSlotsOf).With(booking).List(row => row.GetGuid(0));

    static Task<StoredResponse> Problem(NpgsqlConnection connection, string code, Guid slot, Guid patient,
        CurrentUser by, Booking? moved = null, Guid? type = null) =>
        Explain(connection, StoredResponse.Of(SchedulingProblems.Named(code).Because()), slot, patient, by.Id, type,
            moved?.Id);

    /// <summary>Whether <see cref="Explain"/> has something to add to the refusal.</summary>
    public static bool HasFacts(StoredResponse refusal) => !refusal.Replayed
        && (refusal.Code == SchedulingProblems.CoolDown.Code
            || refusal.Code == SchedulingProblems.BookingsOfAPatientDoNotOverlap.Code
            || refusal.Code == SchedulingProblems.PriceHasChanged.Code);

    /// <summary>Adds to a refusal the facts that the caller needs. After too many slots given up these are the seconds
    /// until the next booking. For an overlap they are the patient's bookings at that time. For another price they are
    /// the kind and its present price.</summary>
    /// <param name="account">The account that asked.</param>
    /// <param name="type">The kind of visit that was asked for; null for the doctor's default.</param>
    /// <param name="moved">The patient's booking that is to be moved, or null.</param>
    public static async Task<StoredResponse> Explain(NpgsqlConnection connection, StoredResponse refusal, Guid slot,
        Guid patient, Guid account, Guid? type, Guid? moved = null) =>
        !HasFacts(refusal) ? refusal
        : refusal.Code == SchedulingProblems.PriceHasChanged.Code
            ? StoredResponse.Of(await WithPrice(connection.Statement(PriceAtSlot).With(type).With(slot)))
        : refusal.Code == SchedulingProblems.CoolDown.Code ? refusal with
        {
            RetryAfterSeconds = await connection.Statement(CoolDownEnds).With(account).Value<int>(),
        }
        : StoredResponse.Of(SchedulingProblems.BookingsOfAPatientDoNotOverlap.Because(
            extensions: new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["bookings"] = await connection.Statement(SelectOverlapping).With(slot).With(patient).With(moved)
                    .With(type).List(ConflictingBooking.Read),
            }));

    /// <summary>The refusal of another price for a visit without a slot.</summary>
    public static Task<ProblemHttpResult> WithPriceOf(NpgsqlConnection connection, Guid doctor, Guid? type) =>
        WithPrice(connection.Statement(PriceOfDoctor).With(type).With(doctor));

    static async Task<ProblemHttpResult> WithPrice(Statement price)
    {
        var (visit, fee) = await price.One(row => Tuple.Create(VisitTypeCopy.Read(row.GetStringOrNull(0)),
            row.GetInt32OrNull(1))) ?? new(null, null);
        var present = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (visit is not null) present["visit_type"] = visit;
        if (fee is not null) present["fee_minor"] = fee;
        return SchedulingProblems.PriceHasChanged.Because(extensions: present);
    }

    /// <param name="account">Locked with the patient where its limits count: they bind patients alone.</param>
    static async Task Lock(NpgsqlConnection connection, Guid[] slots, Guid patient, CurrentUser by, Guid account)
    {
        Guid[] people = by.Role == Allow.Patient ? [patient, account] : [patient];
        await ExpireRequests.InTheWay(connection, slots, patient);
        await connection.Statement(CalendarLocks.Slots).With(slots).Execute();
        await connection.Statement(CalendarLocks.Patients).With(PatientLock.InOrder(people).ToArray()).Execute();
    }

    // The slot that was given up first leaves the hour that is judged first.
    const string CoolDownEnds = """
        select greatest(1, ceil(extract(epoch from
                   min(at) + interval '1 hour' - statement_timestamp())))::int
          from scheduling.slots_given_up_by_account($1)
        """;

    // Until the end of a long visit's last slot.
    const string SelectOverlapping = """
        select b.id, b.slot_id, b.starts_at, b.ends_at
          from scheduling.slots s
          left join scheduling.bookings m on m.id = $3 and m.doctor_id = s.doctor_id
          left join lateral scheduling.offered_visit_type(s.doctor_id, $4, s.visit_type_ids) o on true
          left join lateral scheduling.slots_of_visit(s.id, s.doctor_id, s.starts_at,
              coalesce((m.visit ->> 'minutes')::int, o.minutes), 0, 0, null, $3, o.id) t on true
         cross join lateral
               scheduling.bookings_of_patient_between($2, s.starts_at, greatest(s.ends_at, t.ends_at)) b
         where s.id = $1 and b.id is distinct from $3
         order by b.starts_at limit 10
        """;

    // A doctor without kinds has the price of the profile.
    const string Price =
        "scheduling.copy_of_visit_type(o)::text, case when o.id is null then d.fee_minor else o.fee_minor end";

    const string PriceAtSlot = $"""
        select {Price}
          from scheduling.slots s
          join doctors.practitioners d on d.id = s.doctor_id
          left join lateral scheduling.offered_visit_type(s.doctor_id, $1, s.visit_type_ids) o on true
         where s.id = $2
        """;

    const string PriceOfDoctor = $"""
        select {Price}
          from doctors.practitioners d
          left join lateral scheduling.offered_visit_type(d.id, $1, null) o on true
         where d.id = $2
        """;

    const string SelectRefusal = "select refusal from scheduling.bookability($1, $2, $3, null, $4, $5, $6, $7, $8)";

    const string SelectVisits = """
        select j.refusal, j.more_slots, (to_jsonb(j) || jsonb_build_object('slot_id', a.slot_id))::text
          from unnest($1::uuid[]) with ordinality as a (slot_id, n)
         cross join lateral scheduling.bookability_of_visit(a.slot_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) j
         order by a.n
        """;

    const string SelectSlotsOf = "select unnest(slot_id || more_slots) from scheduling.bookings where id = $1";
}
