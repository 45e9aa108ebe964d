using System.Text;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Ical.Net.CalendarComponents;
using IcalCalendar = Ical.Net.Calendar;

namespace Amrutam.Tests.Notifications.Calendars;

/// <summary>The calendar file of one booking.</summary>
public sealed class DownloadVisitTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    static async Task<CalendarEvent> Visit(TestUser reader, Guid booking)
    {
        var reply = (await reader.Http.Get($"/api/bookings/{booking}/calendar.ics")).Is(200);
        CalendarBytes.Violations(Encoding.UTF8.GetBytes(reply.Text)).ShouldBeEmpty();
        return IcalCalendar.Load(reply.Text)!.Events.Single();
    }

    [Fact]
    public async Task A_patient_downloads_the_visit_with_the_doctors_name()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var booking = (await patient.Book(await doctor.Slot(1), reason: "a cough")).Is(201);
        var reply = (await patient.Http.Get($"/api/bookings/{booking.Id}/calendar.ics")).Is(200);
        reply.Header("Content-Type").ShouldBe("text/calendar; charset=utf-8; method=PUBLISH");
        reply.Header("Cache-Control").ShouldBe("no-store");
        reply.Text.ShouldNotContain("cough");
        var calendar = IcalCalendar.Load(reply.Text)!;
        calendar.Method.ShouldBe("PUBLISH");
        var visit = calendar.Events.Single();
        visit.Uid.ShouldBe(booking.Id.ToString());
        visit.Sequence.ShouldBe(0);
        visit.Summary.ShouldBe("Visit with Test doctor");
        visit.Start!.AsUtc.ShouldBe(booking.Body.GetProperty("starts_at").GetDateTime());
        visit.End!.AsUtc.ShouldBe(booking.Body.GetProperty("ends_at").GetDateTime());
    }

    [Fact]
    public async Task The_doctors_file_names_no_patient()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient", "Kamala Iyer"));
        var booking = (await patient.Book(await doctor.Slot(1))).Is(201).Id;
        var text = (await doctor.Http.Get($"/api/bookings/{booking}/calendar.ics")).Is(200).Text;
        text.ShouldNotContain("Kamala");
        text.ShouldNotContain(patient.Id.ToString());
        (await Visit(doctor, booking)).Summary.ShouldBe("Appointment");
    }

    [Fact]
    public async Task The_sequence_counts_moves_and_the_cancellation_under_one_uid()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var booking = (await patient.Book(await doctor.Slot(1))).Is(201).Id;
        List<CalendarEvent> read = [await Visit(patient, booking)];
        foreach (var number in new[] { 2, 3 })
        {
            (await patient.Http.Post($"/api/bookings/{booking}/move", new { slot_id = await doctor.Slot(number) }))
                .Is(200);
            read.Add(await Visit(patient, booking));
        }
        (await patient.Http.Post($"/api/bookings/{booking}/cancellation", new { })).Is(200);
        read.Add(await Visit(patient, booking));
        read.Select(v => v.Sequence).ShouldBe([0, 1, 2, 3]);
        read.Select(v => v.Uid).Distinct().ShouldBe([booking.ToString()]);
        read.Select(v => v.Status).ShouldBe(["CONFIRMED", "CONFIRMED", "CONFIRMED", "CANCELLED"]);
        read.Select(v => v.Start!.AsUtc).Distinct().Count().ShouldBe(3);
    }

    [Fact]
    public async Task A_doctor_who_had_the_visit_before_gets_it_as_cancelled()
    {
        var (former, present, patient) = (await Server.Doctor(), await Server.Doctor(), await Server.User("patient"));
        var booking = (await patient.Book(await former.Slot(1))).Is(201).Id;
        (await patient.Http.Post($"/api/bookings/{booking}/move",
            new { slot_id = await present.Slot(4), to_other_doctor = true })).Is(200);
        (await Visit(former, booking)).Status.ShouldBe("CANCELLED");
        (await Visit(present, booking)).Status.ShouldBe("CONFIRMED");
        (await Visit(patient, booking)).Status.ShouldBe("CONFIRMED");
    }

    [Fact]
    public async Task A_request_that_expired_a_moment_ago_is_cancelled_with_the_next_sequence()
    {
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var booking = (await patient.Book(await doctor.Slot(1))).Is(201).Id;
        await Server.Owner.Statement("""
            update scheduling.bookings set status = 'requested', expires_at = now() where id = $1
            """).With(booking).Execute();
        var visit = await Visit(patient, booking);
        (visit.Status, visit.Sequence).ShouldBe(("CANCELLED", 1));
    }

    [Theory]
    [MemberData(nameof(VisitCalendarTests.HostileNames), MemberType = typeof(VisitCalendarTests))]
    public async Task A_doctors_hostile_name_stays_in_the_summary(string name)
    {
        // PostgreSQL stores neither.
        if (name.Contains('\0') || name.Contains("alone", StringComparison.Ordinal)) return;
        var (doctor, patient) = (await Server.Doctor(), await Server.User("patient"));
        var booking = (await patient.Book(await doctor.Slot(1))).Is(201).Id;
        await Server.Owner.Statement("update doctors.profiles set full_name = $2 where id = $1").With(doctor.Id)
            .With(name).Execute();
        var visit = await Visit(patient, booking);
        visit.Attendees.ShouldBeEmpty();
        visit.Uid.ShouldBe(booking.ToString());
        visit.Summary!.Length.ShouldBeGreaterThan(10);
    }
}
