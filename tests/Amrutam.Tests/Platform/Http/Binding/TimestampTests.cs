using Amrutam.Platform.Http.Binding;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using NodaTime;

namespace Amrutam.Tests.Platform.Http.Binding;

/// <summary>Instants in requests are RFC 3339, and the answer has what is stored.</summary>
public sealed class TimestampTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Theory]
    [InlineData("2030-01-07T04:00:00Z", "2030-01-07T04:00:00Z")]
    [InlineData("2030-01-07t04:00:00z", "2030-01-07T04:00:00Z")]
    [InlineData("2030-01-07T09:30:00+05:30", "2030-01-07T04:00:00Z")]
    [InlineData("2030-01-07T04:00:00-00:00", "2030-01-07T04:00:00Z")]
    [InlineData("2030-01-08T03:59:00+23:59", "2030-01-07T04:00:00Z")]
    [InlineData("2030-01-07T04:00:00.123456789Z", "2030-01-07T04:00:00.123456Z")]
    [InlineData("2030-01-07T04:00:00.1234567890123Z", "2030-01-07T04:00:00.123456Z")]
    [InlineData("2030-01-07T04:00:00.1Z", "2030-01-07T04:00:00.1Z")]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z")]
    [InlineData("2017-01-01T05:29:60+05:30", "2017-01-01T00:00:00Z")]
    public void Every_form_of_RFC_3339_is_read(string text, string instant) =>
        NodaTime.Text.InstantPattern.ExtendedIso.Format(Timestamp.Parse(text)!.Value).ShouldBe(instant);

    [Theory]
    [InlineData("2030-01-07T04:00:00")]
    [InlineData("2030-01-07 04:00:00Z")]
    [InlineData("2030-01-07T04:00Z")]
    [InlineData("2030-01-07T24:00:00Z")]
    [InlineData("2030-01-07T12:00:60Z")]
    [InlineData("2030-01-07T23:59:60Z")]
    [InlineData("2030-01-07T04:00:00,5Z")]
    [InlineData("2030-01-07T04:00:00.Z")]
    [InlineData("2030-02-30T04:00:00Z")]
    [InlineData("2030-01-07T04:00:00+24:00")]
    [InlineData("2030-01-07T04:00:00Z\n")]
    [InlineData("२०३०-01-07T04:00:00Z")]
    [InlineData("9999-12-31T23:59:59-00:01")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("")]
    [InlineData(null)]
    public void Other_text_is_no_instant(string? text) => Timestamp.Parse(text).ShouldBeNull();

    [Fact]
    public async Task A_published_slot_has_the_instants_that_are_stored()
    {
        var doctor = await fixture.Server.Doctor();
        var made = (await doctor.Http.Post("/api/slots",
            new { starts_at = "2040-01-07t04:00:00.123456789z", ends_at = "2040-01-07T04:30:00.9999999Z" })).Is(201);
        made["starts_at"].ShouldBe("2040-01-07T04:00:00.123456Z");
        made["ends_at"].ShouldBe("2040-01-07T04:30:00.999999Z");
        (await doctor.Http.Get("/api/slots/" + made.Id)).Is(200).Text.ShouldBe(made.Text);
    }

    [Theory]
    [InlineData("2040-01-08T04:00:00Z", "2040-01-08T04:00:00.0000001Z", "invalid_fields")]
    [InlineData("2040-01-08T04:00:00Z", "2040-01-08T04:00:59.999Z", "slot_is_at_least_1_minute")]
    public async Task A_slot_of_less_than_a_minute_is_422(string starts, string ends, string code)
    {
        var doctor = await fixture.Server.Doctor();
        (await doctor.Http.Post("/api/slots", new { starts_at = starts, ends_at = ends })).Is(422, code).Text
            .ShouldContain("ends_at");
    }

    [Theory]
    [InlineData("22:00", "24:00", 201)]
    [InlineData("22:00", "00:00", 201)]
    [InlineData("24:00", "00:30", 400)]
    [InlineData("22:00", "24:01", 400)]
    public async Task A_slot_may_end_at_midnight(string from, string to, int status)
    {
        var doctor = await fixture.Server.Doctor();
        var reply = (await doctor.Http.Post("/api/slots",
            new { date = "2040-01-09", start_time = from, end_time = to })).Is(status);
        if (status == 201) reply["ends_at"].ShouldBe("2040-01-09T18:30:00Z");
    }
}
