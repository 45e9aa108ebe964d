using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

public sealed class HoardingTests(TestCluster cluster)
{
    [Fact]
    public async Task Open_bookings_are_limited_per_patient_and_per_patient_and_doctor()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(),
            "--Limits:OpenBookingsPerPatient=3", "--Limits:OpenBookingsPerPatientAndDoctor=2");
        var (one, two, patient) = (await server.Doctor(), await server.Doctor(), await server.User("patient"));
        var first = (await patient.Book(await one.Slot(0))).Is(201);
        (await patient.Book(await one.Slot(1))).Is(201);
        (await patient.Book(await one.Slot(2))).Is(422, "too_many_open_bookings_with_this_doctor");
        (await patient.Book(await two.Slot(3))).Is(201);
        (await patient.Book(await two.Slot(4))).Is(422, "too_many_open_bookings");
        (await patient.Http.Post($"/api/bookings/{first.Id}/cancellation")).Is(200);
        (await patient.Book(await two.Slot(5))).Is(201);
    }

    [Fact]
    public async Task A_patient_who_books_and_cancels_repeatedly_waits_and_the_answer_says_how_long()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(),
            "--Limits:OpenBookingsPerPatient=100", "--Limits:CancellationsPerPatient=3");
        var (doctor, patient, other) = (await server.Doctor(), await server.User("patient"),
            await server.User("patient"));
        var slot = await doctor.Slot();
        for (var i = 0; i < 3; i++)
            (await patient.Http.Post($"/api/bookings/{(await patient.Book(slot)).Is(201).Id}/cancellation")).Is(200);
        var refused = (await patient.Book(slot, "later")).Is(429, "cool_down_after_cancellations");
        int.Parse(refused.Header("Retry-After")!).ShouldBeInRange(3500, 3600);
        var booked = (await other.Book(slot)).Is(201);
        // A cancellation by the doctor does not count against the patient.
        (await doctor.Http.Post($"/api/bookings/{booked.Id}/cancellation")).Is(200);
        await server.Owner.Statement("update scheduling.bookings set updated_at = updated_at - interval '1 hour'")
            .Execute();
        (await patient.Book(slot, "later")).Is(201);
    }
}
