using System.Data;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Npgsql;

namespace Amrutam.Tests.Scheduling;

/// <summary>The database refuses invalid rows without help of a program. The constraint has the rule's name.</summary>
public sealed class ConstraintTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_slot_has_one_active_booking()
    {
        var slot = await (await Server.Doctor()).Slot();
        (await (await Server.User("patient")).Book(slot)).Is(201);
        (await Refusal(Book, slot, (await Server.User("patient")).Id)).ShouldBe("one_active_booking_per_slot");
    }

    [Fact]
    public async Task A_patient_is_in_one_place_at_a_time()
    {
        var patient = await Server.User("patient");
        (await patient.Book(await (await Server.Doctor()).Slot(3))).Is(201);
        var meanwhile = await (await Server.Doctor()).Slot(3);
        (await Refusal(Book, meanwhile, patient.Id)).ShouldBe("bookings_of_a_patient_do_not_overlap");
    }

    [Fact]
    public async Task A_booking_is_not_moved_into_another_of_its_patient()
    {
        var (patient, doctor) = (await Server.User("patient"), await Server.Doctor());
        (await patient.Book(await doctor.Slot(0))).Is(201);
        var later = await doctor.Slot(4);
        (await patient.Book(later)).Is(201);
        (await Refusal(MoveEarlier, later, patient.Id)).ShouldBe("bookings_of_a_patient_do_not_overlap");
    }

    [Fact]
    public async Task Two_sessions_that_book_for_one_patient_in_SQL_wait_for_each_other()
    {
        var patient = await Server.User("patient");
        var (one, meanwhile) = (await (await Server.Doctor()).Slot(3), await (await Server.Doctor()).Slot(3));
        await using var connection = await Server.Owner.OpenConnectionAsync();
        await using var first = await connection.BeginTransactionAsync();
        await connection.Statement(Book).With(one).With(patient.Id).Execute();
        var second = Refusal(Book, meanwhile, patient.Id);
        await Server.Owner.UntilOneWaitsForALock();
        second.IsCompleted.ShouldBeFalse();
        await first.CommitAsync();
        (await second).ShouldBe("bookings_of_a_patient_do_not_overlap");
    }

    [Fact]
    public async Task A_booking_whose_overlap_could_not_be_seen_is_refused()
    {
        var slot = await (await Server.Doctor()).Slot();
        await using var connection = await Server.Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        (await Should.ThrowAsync<PostgresException>(() => connection.Statement(Book).With(slot)
            .With(Guid.CreateVersion7()).Execute())).MessageText.ShouldContain("read committed");
    }

    [Fact]
    public async Task A_doctors_slots_do_not_overlap()
    {
        var slot = await (await Server.Doctor()).Slot();
        (await Refusal(PublishAcross, slot, Guid.CreateVersion7())).ShouldBe("slots_of_a_doctor_do_not_overlap");
    }

    [Fact]
    public async Task A_closed_slot_is_not_booked()
    {
        var slot = await (await Server.Doctor()).Slot();
        (await (await Server.User("patient")).Book(slot)).Is(201);
        (await Refusal("update scheduling.slots set closed_at = now() where id = $1 and $2 is not null", slot, slot))
            .ShouldBe("closed_slot_is_not_booked");
    }

    [Fact]
    public async Task A_key_has_one_answer()
    {
        var (slot, patient) = (await (await Server.Doctor()).Slot(), await Server.User("patient"));
        (await patient.Book(slot, "once")).Is(201);
        (await Refusal(AnswerAgain, slot, patient.Id)).ShouldBe("idempotency_keys_pkey");
    }

    /// <returns>The name of the constraint that refused the statement.</returns>
    async Task<string?> Refusal(string sql, Guid slot, Guid other) => (await Should.ThrowAsync<PostgresException>(() =>
        Server.Owner.Statement(sql).With(slot).With(other).Execute())).ConstraintName;

    const string Book = """
        insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at)
        select gen_random_uuid(), id, doctor_id, $2, starts_at, ends_at from scheduling.slots where id = $1
        """;

    const string MoveEarlier = """
        update scheduling.bookings
           set starts_at = starts_at - interval '2 hours', ends_at = ends_at - interval '2 hours'
         where slot_id = $1 and patient_id = $2
        """;

    const string PublishAcross = """
        insert into scheduling.slots (id, doctor_id, starts_at, ends_at)
        select $2, doctor_id, starts_at + interval '10 minutes', ends_at + interval '10 minutes'
          from scheduling.slots where id = $1
        """;

    const string AnswerAgain = """
        insert into platform.idempotency_keys (user_id, route, key, fingerprint, status, body)
        select user_id, route, key, fingerprint, 201, '{}' from platform.idempotency_keys where user_id = $2
           and $1 is not null
        """;
}
