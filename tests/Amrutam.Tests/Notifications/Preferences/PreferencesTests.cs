using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Notifications.Preferences;

/// <summary>A person's wishes for messages.</summary>
public sealed class PreferencesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string Path = "/api/me/notifications";

    [Fact]
    public async Task A_person_without_wishes_has_the_defaults()
    {
        var wishes = (await (await fixture.Server.User("patient")).Http.Get(Path)).Is(200);
        (wishes["language"], wishes["time_zone"], wishes["quiet_from"], wishes["quiet_until"], wishes["reminders"])
            .ShouldBe(("en", "", "21:00", "08:00", "[\"email\"]"));
    }

    [Fact]
    public async Task A_change_leaves_the_fields_that_are_not_given()
    {
        var person = await fixture.Server.User("doctor");
        (await person.Http.Patch(Path, new { language = "hi", quiet_from = "22:30" })).Is(200);
        var wishes = (await person.Http.Patch(Path,
            new { time_zone = "Asia/Calcutta", reminders = Array.Empty<string>() })).Is(200);
        (wishes["language"], wishes["time_zone"], wishes["quiet_from"], wishes["quiet_until"], wishes["reminders"])
            .ShouldBe(("hi", "Asia/Kolkata", "22:30", "08:00", "[]"));
        (await person.Http.Get(Path)).Is(200).Text.ShouldBe(wishes.Text);
    }

    [Fact]
    public async Task Two_changes_at_once_keep_the_fields_of_both()
    {
        var person = await fixture.Server.User("patient");
        for (var round = 0; round < 10; round++)
        {
            var (language, from) = (round % 2 == 0 ? "hi" : "en", $"2{round % 3}:00");
            await Task.WhenAll(person.Http.Patch(Path, new { language }),
                person.Http.Patch(Path, new { quiet_from = from }));
            var wishes = (await person.Http.Get(Path)).Is(200);
            (wishes["language"], wishes["quiet_from"]).ShouldBe((language, from));
        }
    }

    [Theory]
    [InlineData("""{ "language": "de" }""", 422)]
    [InlineData("""{ "time_zone": "IST" }""", 422)]
    [InlineData("""{ "time_zone": "Mars/Base" }""", 422)]
    [InlineData("""{ "reminders": ["pigeon"] }""", 422)]
    [InlineData("""{ "reminders": ["email", "email"] }""", 422)]
    [InlineData("""{ "quiet_from": "25:00" }""", 400)]
    [InlineData("""{ "bookings": [] }""", 400)]
    public async Task A_wrong_wish_is_refused(string wish, int status) =>
        (await (await fixture.Server.User("patient")).Http.Patch(Path, wish)).Is(status);
}
