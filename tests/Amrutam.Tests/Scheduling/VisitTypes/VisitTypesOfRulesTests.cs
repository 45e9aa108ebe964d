using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using static Amrutam.Tests.Support.Calendars.Availability;

namespace Amrutam.Tests.Scheduling.VisitTypes;

/// <summary>Rules of the weekly schedule that name the kinds of visit that they serve.</summary>
public sealed class VisitTypesOfRulesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    static object[] Rules(string from, string to, params Guid[] kinds) => [.. Daily(from, to).Select(rule =>
        new Dictionary<string, object?>(rule.GetType().GetProperties().Select(p =>
            KeyValuePair.Create(p.Name, p.GetValue(rule))), StringComparer.Ordinal) { ["visit_type_ids"] = kinds })];

    static Task<Reply> Book(TestUser patient, Guid slot, Guid? type) =>
        patient.Http.Post("/api/bookings", new { slot_id = slot, visit_type_id = type });

    async Task<List<string>> Times(TestUser doctor, Guid type)
    {
        var day = Iso(Ahead(2));
        return [.. (await Server.Anonymous().Get(
            $"/api/doctors/{doctor.Id}/slots?from={day}&to={day}&visit_type_id={type}")).Is(200).All("start_time")];
    }

    /// <summary>A doctor who has first visits from 9 to 10 and any kind from 10 to 11.</summary>
    async Task<(TestUser Doctor, Guid First, Guid Other)> Doctor(int minutes = 30)
    {
        var (doctor, first, other) = (await Server.Doctor(), await Server.NewVisitType(minutes),
            await Server.NewVisitType(minutes));
        (await doctor.OfferKinds(other, first)).Is(200);
        (await doctor.Offer([.. Rules("09:00", "10:00", first), .. Daily("10:00", "11:00")])).Is(200);
        return (doctor, first, other);
    }

    [Fact]
    public async Task A_slot_of_a_rule_that_names_kinds_is_listed_and_booked_for_those_alone()
    {
        var (doctor, first, other) = await Doctor();
        (await Times(doctor, first)).ShouldBe(["09:00", "09:30", "10:00", "10:30"]);
        (await Times(doctor, other)).ShouldBe(["10:00", "10:30"]);
        var (patient, day) = (await Server.User("patient"), Ahead(2));
        var refused = (await Book(patient, await doctor.SlotAt(day, "09:00"), other))
            .Is(409, "slot_is_for_other_visits");
        refused.Body.GetProperty("alternatives").EnumerateArray().Select(s => s.GetProperty("start_time").GetString())
            .First().ShouldBe("10:00");
        // Without a kind it is the first in the doctor's order that the slot serves.
        (await Book(patient, await doctor.SlotAt(day, "09:00"), null)).Is(201).Body.GetProperty("visit_type")
            .GetProperty("id").GetGuid().ShouldBe(first);
        (await Book(patient, await doctor.SlotAt(day, "10:00"), null)).Is(201).Body.GetProperty("visit_type")
            .GetProperty("id").GetGuid().ShouldBe(other);
    }

    [Fact]
    public async Task A_long_visit_takes_only_slots_that_serve_its_kind()
    {
        var (doctor, first, other) = await Doctor(60);
        (await Times(doctor, other)).ShouldBe(["10:00"]);
        (await Times(doctor, first)).ShouldBe(["09:00", "09:30", "10:00"]);
        (await doctor.ReplaceRules([.. Rules("09:00", "10:00", first), .. Rules("10:00", "11:00", other)])).Is(200);
        (await Times(doctor, first)).ShouldBe(["09:00"]);
        (await Book(await Server.User("patient"), await doctor.SlotAt(Ahead(2), "09:30"), first))
            .Is(409, "slot_too_short");
    }

    [Fact]
    public async Task New_rules_change_the_kinds_of_slots_that_stay()
    {
        var (doctor, first, other) = await Doctor();
        var rules = (await doctor.Http.Get("/api/availability")).Is(200).Body.GetProperty("rules");
        rules.EnumerateArray().Count(rule => rule.TryGetProperty("visit_type_ids", out _)).ShouldBe(7);
        (await doctor.ReplaceRules(Daily("09:00", "11:00"))).Is(200).Number("slots_added").ShouldBe(0);
        (await Times(doctor, other)).ShouldBe(["09:00", "09:30", "10:00", "10:30"]);
        (await doctor.ReplaceRules(Rules("09:00", "11:00", other))).Is(200);
        (await Times(doctor, first)).ShouldBeEmpty();
        (await Times(doctor, other)).ShouldBe(["09:00", "09:30", "10:00", "10:30"]);
        (await doctor.ReplaceRules(Rules("09:00", "11:00"))).Is(200);
        (await Times(doctor, first)).Count.ShouldBe(4);
    }

    [Fact]
    public async Task A_slot_that_was_closed_meanwhile_has_the_kinds_of_its_new_rule()
    {
        var (doctor, first, other) = await Doctor();
        (await doctor.ReplaceRules(Daily("10:00", "11:00"))).Is(200);
        (await doctor.ReplaceRules(Daily("09:00", "11:00"))).Is(200);
        (await Times(doctor, other)).Count.ShouldBe(4);
        var day = Iso(Ahead(2));
        (await doctor.ReplaceRules(Rules("09:00", "11:00", first))).Is(200);
        var off = (await doctor.Leave(day, day)).Is(201).Id;
        (await doctor.Http.Delete($"/api/availability/time-off/{off}")).Is(204);
        (await Times(doctor, first)).Count.ShouldBe(4);
        (await Times(doctor, other)).ShouldBeEmpty();
    }

    /// <summary>Such a server replaces the rules and increases the revision, and does not know their kinds.</summary>
    [Fact]
    public async Task Rules_that_a_server_of_the_previous_version_replaced_name_no_kinds()
    {
        var (doctor, _, _) = await Doctor();
        await Server.Owner.Statement(
            "update scheduling.availability set revision = revision + 1 where doctor_id = $1").With(doctor.Id)
            .Execute();
        (await doctor.Http.Get("/api/availability")).Is(200).Text.ShouldNotContain("visit_type_ids");
        (await Server.Owner.Statement("select rules::text from scheduling.availability where doctor_id = $1")
            .With(doctor.Id).Value<string>())!.ShouldNotContain("visit_type");
    }

    [Fact]
    public async Task A_rule_names_only_kinds_that_the_doctor_offers()
    {
        var (doctor, first, _) = await Doctor();
        var unknown = await Server.NewVisitType();
        (await doctor.ReplaceRules(Rules("09:00", "10:00", first, unknown))).Is(409, "visit_type_not_offered");
        (await doctor.Http.Post("/api/availability/preview", new { rules = Rules("09:00", "10:00", unknown) }))
            .Is(409, "visit_type_not_offered");
        (await doctor.ReplaceRules(Rules("09:00", "10:00",
                [.. Enumerable.Range(0, 51).Select(_ => Guid.CreateVersion7())]))).Is(422).Body.GetProperty("errors")
            .TryGetProperty("rules[0].visit_type_ids", out _).ShouldBeTrue();
    }

    [Fact]
    public async Task A_preview_says_where_each_kind_fits()
    {
        var (doctor, first, other) = await Doctor(60);
        var preview = (await doctor.Http.Post("/api/availability/preview", new
        {
            rules = new[]
            {
                new
                {
                    weekday = "monday", from = "09:00", to = "10:30", slot_minutes = 30,
                    visit_type_ids = new[] { first },
                },
            },
            horizon_days = 6,
        })).Is(200);
        var kinds = preview.Body.GetProperty("visit_types").EnumerateArray().ToDictionary(
            kind => kind.GetProperty("visit_type_id").GetGuid(),
            kind => (kind.GetProperty("slots").GetInt32(), kind.GetProperty("code").GetString()));
        kinds[other].ShouldBe((0, "slot_is_for_other_visits"));
        kinds[first].Item1.ShouldBeInRange(1, 4);
        (await doctor.Http.Post("/api/availability/preview",
                new { rules = Daily("09:00", "12:00", gap: 10) })).Is(200).Body.GetProperty("visit_types")
            .EnumerateArray().ShouldAllBe(kind => kind.GetProperty("code").GetString() == "slot_too_short");
    }

    [Fact]
    public async Task A_booking_moves_only_to_a_slot_that_serves_its_kind()
    {
        var (doctor, _, other) = await Doctor();
        var (patient, day) = (await Server.User("patient"), Ahead(2));
        var booked = (await Book(patient, await doctor.SlotAt(day, "10:00"), other)).Is(201);
        (await patient.Http.Post($"/api/bookings/{booked.Id}/move",
            new { slot_id = await doctor.SlotAt(day, "09:30") })).Is(409, "slot_is_for_other_visits");
        (await patient.Http.Post($"/api/bookings/{booked.Id}/move",
            new { slot_id = await doctor.SlotAt(day, "10:30") })).Is(200);
    }
}
