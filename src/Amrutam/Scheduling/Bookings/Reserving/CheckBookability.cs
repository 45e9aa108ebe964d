using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Idempotency;
using Amrutam.Scheduling.Bookings.Steps;
using Amrutam.Scheduling.Slots;
using Npgsql;

namespace Amrutam.Scheduling.Bookings.Reserving;

/// <summary>Judges whether a patient may have slots, for holds, moves, series and offers.</summary>
/// <remarks>
/// <see cref="BookingBatch"/> judges many patients at once by the same SQL function, <c>scheduling.bookability</c>. The
/// slots are locked in id order, then the patient and the account. The judgement is a later statement, so it sees what
/// the locks protect.
/// </remarks>
sealed class CheckBookability(SchedulingSettings settings, SchedulingLimits limits)
{
    /// <param name="by">The account that asks. The notice and the limits bind patients, not doctors or staff. Those
    /// move a booking for the account that made it.</param>
    /// <param name="moved">The patient's booking that is to leave its slot for this one, or null. A booking of a series
    /// does not count against the limits, so they do not bind its move.</param>
    /// <returns>For each slot the code of the problem, or null.</returns>
    public async Task<List<string?>> Check(NpgsqlConnection connection, Guid[] slots, Guid patient, CurrentUser by,
        Booking? moved = null)
    {
        var account = moved is null || by.Role == Allow.Patient ? by.Id : moved.BookedBy;
        await Lock(connection, moved is null ? slots : [.. slots, moved.SlotId], patient,
            by.Role == Allow.Patient ? [patient, account] : [patient]);
        var limited = moved?.SeriesId is null;
        return await connection.Statement(SelectRefusals).With(slots).With(patient).With(account)
            .With(moved?.Id).With(by.Role == Allow.Patient).With(settings.VerifiedDoctorsOnly)
            .With(limited ? limits.OpenBookingsPerPatient : 0)
            .With(limited ? limits.OpenBookingsPerPatientAndDoctor : 0)
            .With(limits.CancellationsPerPatient).List(row => row.GetStringOrNull(0));
    }

    /// <returns>The problem with the one slot as a response, or null.</returns>
    public async Task<StoredResponse?> Refusal(NpgsqlConnection connection, Guid slot, Guid patient, CurrentUser by,
        Booking? moved = null) =>
        (await Check(connection, [slot], patient, by, moved))[0] is { } code
            ? await Explain(connection, StoredResponse.Of(SchedulingProblems.Named(code).Because()), slot, patient,
                by.Id, moved?.Id)
            : null;

    /// <summary>Whether <see cref="Explain"/> has something to add to the refusal.</summary>
    public static bool IsAboutThePatient(StoredResponse refusal) => !refusal.Replayed
        && (refusal.Code == SchedulingProblems.CoolDown.Code
            || refusal.Code == SchedulingProblems.BookingsOfAPatientDoNotOverlap.Code);

    /// <summary>Adds to a refusal the facts that the patient needs. After too many slots given up these are the
    /// seconds until the next booking; for an overlap, the patient's bookings at that time.</summary>
    /// <param name="account">The account that asked.</param>
    /// <param name="moved">The patient's booking that is to be moved, or null.</param>
    public static async Task<StoredResponse> Explain(NpgsqlConnection connection, StoredResponse refusal, Guid slot,
        Guid patient, Guid account, Guid? moved = null) =>
        !IsAboutThePatient(refusal) ? refusal
        : refusal.Code == SchedulingProblems.CoolDown.Code ? refusal with
        {
            RetryAfterSeconds = await connection.Statement(CoolDownEnds).With(account).Value<int>(),
        }
        : StoredResponse.Of(SchedulingProblems.BookingsOfAPatientDoNotOverlap.Because(
            extensions: new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["bookings"] = await connection.Statement(SelectOverlapping).With(slot).With(patient).With(moved)
                    .List(ConflictingBooking.Read),
            }));

    /// <param name="people">The patient, and an account whose limits count.</param>
    static async Task Lock(NpgsqlConnection connection, Guid[] slots, Guid patient, Guid[] people)
    {
        await ExpireRequests.InTheWay(connection, slots, patient);
        await connection.Statement(CalendarLocks.Slots).With(slots).Execute();
        await connection.Statement(CalendarLocks.Patients)
            .With(PatientLock.InOrder(people).ToArray()).Execute();
    }

    // The slot that was given up first leaves the hour that is judged first.
    const string CoolDownEnds = """
        select greatest(1, ceil(extract(epoch from
                   min(at) + interval '1 hour' - statement_timestamp())))::int
          from scheduling.slots_given_up_by_account($1)
        """;

    const string SelectOverlapping = """
        select b.id, b.slot_id, b.starts_at, b.ends_at
          from scheduling.slots s
         cross join lateral scheduling.bookings_of_patient_between($2, s.starts_at, s.ends_at) b
         where s.id = $1 and b.id is distinct from $3
         order by b.starts_at limit 10
        """;

    const string SelectRefusals = """
        select j.refusal
          from unnest($1::uuid[]) with ordinality as a (slot_id, n)
         cross join lateral scheduling.bookability(a.slot_id, $2, $3, $4, $5, $6, $7, $8, $9) j
         order by a.n
        """;
}
