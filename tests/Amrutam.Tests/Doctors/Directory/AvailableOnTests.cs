using System.Text.Json;
using Amrutam.Doctors.Directory;
using Amrutam.Platform.Http.Binding;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using NodaTime;
using NodaTime.Text;

namespace Amrutam.Tests.Doctors.Directory;

/// <summary>A day of the directory is each doctor's own, by the server's data about zones.</summary>
public sealed class AvailableOnTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Theory]
    [InlineData("America/Vancouver", "2027-01-14", "00:15")]
    [InlineData("America/Vancouver", "2027-01-14", "23:30")]
    [InlineData("Asia/Kolkata", "2027-01-14", "00:15")]
    [InlineData("Pacific/Kiritimati", "2027-01-14", "00:15")]
    public async Task The_directory_and_the_list_of_slots_agree_on_the_date_of_a_slot(string zone, string date,
        string time)
    {
        var doctor = await Server.Doctor(zone, specialization: "D" + Guid.CreateVersion7().ToString("n"));
        var end = time[..3] + "45";
        var slot = (await doctor.Http.Post("/api/slots", new { date, start_time = time, end_time = end })).Is(201);
        (await Server.Anonymous().Get($"/api/doctors/{doctor.Id}/slots?from={date}&to={date}")).Is(200).Ids()
            .ShouldBe([slot.Id]);
        var day = LocalDatePattern.Iso.Parse(date).Value;
        foreach (var (on, found) in new[] { (day, true), (day.PlusDays(-1), false), (day.PlusDays(1), false) })
            (await Server.Anonymous().Get(
                $"/api/doctors?available_on={LocalDatePattern.Iso.Format(on)}&sort=soonest&limit=100")).Is(200)
                .Ids().Contains(doctor.Id).ShouldBe(found, $"on {on}");
        (await doctor.Http.Delete("/api/slots/" + slot.Id)).Is(204);
    }

    [Theory]
    [InlineData("2027-01-14")]
    [InlineData("2030-03-31")]
    [InlineData("2011-12-30")]
    public void A_day_begins_and_ends_in_each_zone_as_its_wall_clock_says(string date)
    {
        var day = LocalDatePattern.Iso.Parse(date).Value;
        using var bounds = JsonDocument.Parse(DayOfDoctors.Json(day));
        var zones = bounds.RootElement.GetProperty("zones");
        foreach (var id in TimeZones.Ids)
        {
            var zone = TimeZones.Zone(id)!;
            var (from, until) = (At(zones.GetProperty(id)[0]), At(zones.GetProperty(id)[1]));
            (from - Duration.Epsilon).InZone(zone).Date.ShouldBeLessThan(day, id);
            from.InZone(zone).Date.ShouldBeGreaterThanOrEqualTo(day, id);
            until.InZone(zone).Date.ShouldBeGreaterThan(day, id);
            from.ShouldBeGreaterThanOrEqualTo(At(bounds.RootElement.GetProperty("from")));
            until.ShouldBeLessThanOrEqualTo(At(bounds.RootElement.GetProperty("until")));
        }

        static Instant At(JsonElement seconds) => Instant.FromUnixTimeSeconds(seconds.GetInt64());
    }
}
