using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.Bookings;

/// <summary>The doctor reads the patient of a booking; stored responses and events carry ids alone.</summary>
public sealed class PatientOfBookingTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string Name = "Test Child", Phone = "+919876543210";

    TestServer Server => fixture.Server;

    [Fact]
    public async Task A_doctor_reads_the_patient_of_a_booking_and_of_a_list_and_each_read_is_an_event()
    {
        var (doctor, mother) = (await Server.Doctor(), await Server.User("patient"));
        var (child, id) = await Booked(doctor, mother);
        var path = $"/api/bookings/{id}";
        ShouldBe((await doctor.Http.Get(path)).Is(200).Body.GetProperty("patient"), child);
        var listed = (await doctor.Http.Get("/api/bookings")).Is(200).Body.GetProperty("items");
        ShouldBe(listed[0].GetProperty("patient"), child);
        ShouldBe((await doctor.Http.Get("/api/bookings?sort=starts_at")).Is(200).Body.GetProperty("items")[0]
            .GetProperty("patient"), child);
        (await mother.Http.Get(path)).Is(200).Body.TryGetProperty("patient", out _).ShouldBeFalse();
        var reads = await Server.Owner.Statement("""
            select details::text from audit.events where entity_id = $1 and action = 'bookings.read'
            """).With(child).List(row => row.GetString(0));
        reads.Count.ShouldBe(3);
        reads.ShouldAllBe(details => details.Contains(id.ToString()) && !details.Contains(Name));
    }

    [Fact]
    public async Task The_stored_response_of_a_doctors_step_carries_the_patients_id_alone()
    {
        var (doctor, mother) = (await Server.Doctor(), await Server.User("patient"));
        var (child, id) = await Booked(doctor, mother);
        var cancelled = (await doctor.Http.Post($"/api/bookings/{id}/cancellation", key: "k")).Is(200);
        cancelled["patient_id"].ShouldBe(child.ToString());
        cancelled.Body.TryGetProperty("patient", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_doctor_whose_visit_moved_to_another_doctor_reads_no_patient()
    {
        var (doctor, other) = (await Server.Doctor(), await Server.Doctor());
        var mother = await Server.User("patient");
        var (child, id) = await Booked(doctor, mother);
        var to = new { slot_id = await other.Slot(2), to_other_doctor = true };
        (await mother.Http.Post($"/api/bookings/{id}/move", to)).Is(200);
        var record = (await doctor.Http.Get($"/api/bookings/{id}")).Is(200);
        record["status"].ShouldBe("moved");
        record.Body.TryGetProperty("patient", out _).ShouldBeFalse();
        ShouldBe((await other.Http.Get($"/api/bookings/{id}")).Is(200).Body.GetProperty("patient"), child);
    }

    async Task<(Guid Child, Guid Booking)> Booked(TestUser doctor, TestUser mother)
    {
        var child = await Server.Child(8, mother);
        await Server.Owner.Statement("update patients.patients set sex = 'female', phone = $2 where id = $1")
            .With(child).With(Phone).Execute();
        var booked = await mother.Http.Post("/api/bookings",
            new { slot_id = await doctor.Slot(1), patient_id = child });
        return (child, booked.Is(201).Id);
    }

    static void ShouldBe(JsonElement patient, Guid child)
    {
        patient.GetProperty("id").GetGuid().ShouldBe(child);
        patient.GetProperty("full_name").GetString().ShouldBe(Name);
        patient.GetProperty("age").GetInt32().ShouldBe(8);
        patient.GetProperty("sex").GetString().ShouldBe("female");
        patient.GetProperty("phone").GetString().ShouldBe(Phone);
    }
}
