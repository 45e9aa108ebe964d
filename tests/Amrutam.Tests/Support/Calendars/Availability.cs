using System.Text.Json;
using Amrutam.Tests.Support.Servers;
using NodaTime;
using NodaTime.Text;

namespace Amrutam.Tests.Support.Calendars;

/// <summary>Weekly rules, time off and the resulting slots, through the API.</summary>
static class Availability
{
    static readonly string[] Weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

    /// <summary>A window on every day of the week.</summary>
    public static object[] Daily(string from, string to, int minutes = 30, int gap = 0) =>
        [.. Weekdays.Select(weekday => new { weekday, from, to, slot_minutes = minutes, gap_minutes = gap })];

    public static Task<Reply> Offer(
        this TestUser doctor, object[] rules, int horizon = 10, int notice = 0, string? etag = null) =>
        doctor.Http.Send(HttpMethod.Put, "/api/availability",
            new { rules, horizon_days = horizon, minimum_notice_minutes = notice }, null,
            etag is null ? [] : [("If-Match", etag)]);

    /// <summary>Replaces the present rules.</summary>
    public static async Task<Reply> ReplaceRules(
        this TestUser doctor, object[] rules, int horizon = 10, int notice = 0) =>
        await doctor.Offer(rules, horizon, notice, (await doctor.Http.Get("/api/availability")).Header("ETag"));

    public static Task<Reply> Leave(
        this TestUser doctor, string from, string to, string? bookings = null, string? key = null,
        string? reason = null) =>
        doctor.Http.Post("/api/availability/time-off", new { from, to, bookings, reason }, key);

    /// <summary>The doctor's open slots of a date, as everybody sees them.</summary>
    public static async Task<List<JsonElement>> OpenOn(this TestUser doctor, LocalDate date)
    {
        var day = LocalDatePattern.Iso.Format(date);
        var list = await doctor.Http.Get($"/api/doctors/{doctor.Id}/slots?from={day}&to={day}&limit=100");
        return [.. list.Is(200).Body.GetProperty("items").EnumerateArray()];
    }

    public static async Task<List<string>> TimesOn(this TestUser doctor, LocalDate date) =>
        (await doctor.OpenOn(date)).ConvertAll(slot => slot.GetProperty("start_time").GetString()!);

    public static async Task<Guid> SlotAt(this TestUser doctor, LocalDate date, string time) =>
        (await doctor.OpenOn(date))
        .Single(slot => slot.GetProperty("start_time").GetString() == time).GetProperty("id").GetGuid();

    public static LocalDate Ahead(int days, string zone = "Asia/Kolkata") => SystemClock.Instance.GetCurrentInstant()
        .InZone(DateTimeZoneProviders.Tzdb[zone]).Date.PlusDays(days);

    public static string Iso(LocalDate date) => LocalDatePattern.Iso.Format(date);

    public static int Number(this Reply reply, string member) => reply.Body.GetProperty(member).GetInt32();

    public static List<Guid> Ids(this Reply reply, string member) =>
        [.. reply.Body.GetProperty(member).EnumerateArray().Select(item => item.GetProperty("id").GetGuid())];
}
