using Amrutam.Platform.Data;
using Amrutam.Tests.Scheduling.Slots;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Doctors.Directory;

public sealed class DirectoryTests(DirectoryTests.Directory directory) : IClassFixture<DirectoryTests.Directory>
{
    /// <summary>A few doctors who differ in every field that the directory reads.</summary>
    public sealed class Directory(TestCluster cluster) : IAsyncLifetime
    {
        internal TestServer Server { get; private set; } = null!;
        internal Dictionary<string, Guid> Ids { get; } = [];

        public async ValueTask InitializeAsync()
        {
            Server = await TestServer.Start(await cluster.NewDatabase(), "--Http:ListsKeptSeconds=0");
            await Add("sharma", "Dr. Ananya Sharma (डॉ. अनन्या शर्मा)", "Panchakarma", 12, "Cleansing and oil massage.",
                ["Hindi", "English"], 50000);
            await Add("iyer", "Dr. Lakshmi Iyer", "Kayachikitsa", 30, "Digestion, fevers and pulse diagnosis.",
                ["Tamil", "English"], 80000);
            await Add("nair", "Vaidya Arjun Nair", "Shalya Tantra", 5, "Kṣāra-sūtra; assists after pañcakarma.",
                ["Malayalam"], null);
            await Add("rao", "Dr. Suresh Rao", "Kayachikitsa", 12, "Back pain and migraine.",
                ["Kannada", "Hindi"], 30000);
            await Add("kumar", "Dr. Kavya Kumar", "Rasayana", 0, "Sleep and stress.",
                ["en"], 30000, "Pacific/Auckland");
        }

        async Task Add(string key, string name, string specialization, int experience, string bio, string[] languages,
            int? fee, string zone = "Asia/Kolkata")
        {
            var doctor = await Server.User("doctor");
            Ids[key] = doctor.Id;
            (await doctor.Http.Post("/api/doctors/profile", new
            {
                full_name = name, specialization, experience, bio, languages, fee_minor = fee, time_zone = zone,
            })).Is(201);
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    HttpClient Anyone { get; } = directory.Server.Anonymous();

    async Task<List<string>> Find(string query) => Names((await Anyone.Get("/api/doctors" + query)).Is(200));

    List<string> Names(Reply reply) => [.. reply.Body.GetProperty("items").EnumerateArray()
        .Select(item => directory.Ids.Single(d => d.Value == item.GetProperty("id").GetGuid()).Key)];

    [Theory]
    [InlineData("sharma", "sharma")]
    [InlineData("SHARMA", "sharma")]
    [InlineData("shar", "sharma")]
    [InlineData("shrama", "sharma")]
    [InlineData("sarma", "sharma")]
    [InlineData("dr. sharma", "sharma")]
    [InlineData("ananya panchkarma", "sharma")]
    [InlineData("अनन्या", "sharma")]
    [InlineData("laxmi", "iyer")]
    [InlineData("iyar", "iyer")]
    [InlineData("kayachikitsha rao", "rao")]
    [InlineData("migrane", "rao")]
    [InlineData("ksara-sutra", "nair")]
    [InlineData("मलयालम", "nair")]
    [InlineData("മലയാളം", "nair")]
    [InlineData("malayalm", "nair")]
    [InlineData("sharma kayachikitsa", "")]
    [InlineData("xylophone", "")]
    public async Task Words_are_found_however_they_are_spelt(string q, string who) =>
        (await Find("?q=" + Uri.EscapeDataString(q))).ShouldBe(who.Length == 0 ? [] : [who]);

    [Fact]
    public async Task A_specialization_with_the_word_ranks_before_a_description_with_it() =>
        (await Find("?q=panchakarma")).ShouldBe(["sharma", "nair"]);

    [Theory]
    [InlineData("?specialization=kayachikitsa", "iyer rao")]
    [InlineData("?specialization=panchakarma", "sharma")]
    [InlineData("?specialization=panchkarma", "sharma")]
    [InlineData("?specialization=none+such", "")]
    [InlineData("?q=%25", "")]
    [InlineData("?q=!!!&sort=name", "")]
    [InlineData("?q=%25&specialization=kayachikitsa", "")]
    [InlineData("?specialization=%25", "")]
    [InlineData("?specialization=%25&sort=soonest", "")]
    [InlineData("?language=hi", "sharma rao")]
    [InlineData("?language=Hindi", "sharma rao")]
    [InlineData("?language=hi-IN&max_fee_minor=40000", "rao")]
    [InlineData("?max_fee_minor=30000", "kumar rao")]
    [InlineData("?currency=USD", "")]
    [InlineData("?q=dr&max_fee_minor=30000&sort=experience", "rao kumar")]
    [InlineData("?specialization=kayachikitsa&q=pain", "rao")]
    public async Task Filters_leave_the_doctors_that_match_all_of_them(string query, string who) =>
        (await Find(query)).ShouldBe(
            who.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            ignoreOrder: !query.Contains("sort", StringComparison.Ordinal));

    [Theory]
    [InlineData("?sort=name", "sharma kumar iyer rao nair")]
    [InlineData("", "sharma kumar iyer rao nair")]
    [InlineData("?sort=relevance", "sharma kumar iyer rao nair")]
    [InlineData("?specialization=kayachikitsa&sort=fee", "rao iyer")]
    [InlineData("?specialization=kayachikitsa&sort=experience", "iyer rao")]
    [InlineData("?specialization=kayachikitsa", "iyer rao")]
    public async Task They_come_in_the_order_asked_for(string query, string who) =>
        (await Find(query)).ShouldBe(who.Split(' '));

    [Theory]
    [InlineData("?sort=name")]
    [InlineData("?sort=fee")]
    [InlineData("?sort=experience")]
    [InlineData("?sort=soonest")]
    [InlineData("?q=d&sort=relevance")]
    [InlineData("?q=dr&sort=soonest")]
    [InlineData("?specialization=kayachikitsa&sort=soonest")]
    public async Task Pages_of_one_show_everybody_once_and_in_the_same_order(string query)
    {
        await FreshSlots();
        var all = await Find(query);
        var seen = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var reply = (await Anyone.Get($"/api/doctors{query}&limit=1&cursor={cursor}")).Is(200);
            seen.AddRange(Names(reply));
            cursor = reply.Body.GetProperty("next_cursor").GetString();
            seen.Count.ShouldBeLessThan(10);
        }
        seen.ShouldBe(all);
        all.Count.ShouldBeGreaterThan(1);
    }

    [Fact]
    public async Task A_cursor_serves_only_the_list_it_was_given_for()
    {
        var cursor = (await Anyone.Get("/api/doctors?sort=fee&limit=1")).Is(200)["next_cursor"];
        (await Anyone.Get($"/api/doctors?sort=fee&cursor={cursor}")).Is(200);
        (await Anyone.Get($"/api/doctors?sort=name&cursor={cursor}")).Is(400, "cursor_of_another_list");
        (await Anyone.Get($"/api/doctors?sort=fee&language=hi&cursor={cursor}")).Is(400, "cursor_of_another_list");
        (await Anyone.Get($"/api/doctors?sort=fee&cursor={cursor}x")).Is(400, "cursor_of_another_list");
        (await Anyone.Get("/api/doctors?sort=fee&cursor=AAAA")).Is(400, "cursor_of_another_list");
    }

    [Theory]
    [InlineData("limit=0", 422, "limit")]
    [InlineData("limit=101", 422, "limit")]
    [InlineData("limit=many", 400, null)]
    [InlineData("max_fee_minor=-1", 422, "max_fee_minor")]
    [InlineData("max_fee_minor=9999999999", 400, null)]
    [InlineData("sort=best", 422, "sort")]
    [InlineData("language=Klingon", 422, "language")]
    [InlineData("currency=rupees", 422, "currency")]
    [InlineData("available_on=2026-02-30", 422, "available_on")]
    [InlineData("available_on=tomorrow", 422, "available_on")]
    [InlineData("available_on=9999-12-31", 422, "available_on")]
    [InlineData("q=a%00b", 422, "q")]
    public async Task A_malformed_query_is_refused_by_the_name_of_its_parameter(string query, int status, string? field)
    {
        var reply = (await Anyone.Get("/api/doctors?" + query)).Is(status);
        if (field is not null) reply.Body.GetProperty("errors").TryGetProperty(field, out _).ShouldBeTrue(reply.Text);
    }

    [Theory]
    [InlineData("%27%22%5C:*%26%7C!()%3C-%3E")]
    [InlineData("a%26b%7Cc!d")]
    [InlineData("%F0%9F%98%80")]
    [InlineData("it's")]
    [InlineData("x:*A")]
    public async Task Signs_of_the_query_language_are_only_text(string q) =>
        (await Anyone.Get("/api/doctors?q=" + q)).Is(200);

    [Fact]
    public async Task Of_a_long_search_the_first_eight_words_count()
    {
        (await Find("?q=suresh+rao+kayachikitsa+back+pain+and+migraine+kannada+nowhere")).ShouldBe(["rao"]);
        (await Find("?q=suresh+rao+kayachikitsa+back+pain+and+migraine+nowhere")).ShouldBe([]);
        (await Anyone.Get("/api/doctors?q=" + new string('x', 201))).Is(422);
    }

    [Fact]
    public async Task The_next_open_slot_is_neither_past_nor_closed_nor_booked_nor_held()
    {
        await FreshSlots();
        var doctor = directory.Ids["iyer"];
        async Task<DateTime> Next() => (await Anyone.Get($"/api/doctors/{doctor}")).Is(200)
            .Body.GetProperty("next_open_slot_at").GetDateTime();
        await directory.Server.OpenSlot(doctor, "now() - interval '10 minutes'");
        var first = await directory.Server.OpenSlot(doctor, "now() + interval '1 hour'");
        var second = await directory.Server.OpenSlot(doctor, "now() + interval '2 hours'");
        (await Next()).ShouldBe(first.StartsAt);
        await directory.Server.SetSlot(first.Id, "booking_id = id");
        (await Next()).ShouldBe(second.StartsAt);
        await directory.Server.SetSlot(first.Id,
            "booking_id = null, held_by = id, held_until = now() + interval '5 minutes'");
        (await Next()).ShouldBe(second.StartsAt);
        await directory.Server.SetSlot(first.Id, "held_until = now() - interval '1 second'");
        (await Next()).ShouldBe(first.StartsAt);
        await directory.Server.SetSlot(first.Id, "closed_at = now()");
        await directory.Server.SetSlot(second.Id, "closed_at = now()");
        (await Next()).ShouldNotBe(first.StartsAt);
    }

    [Fact]
    public async Task Soonest_puts_the_next_free_doctor_first_and_those_without_slots_last()
    {
        await FreshSlots();
        (await Find("?sort=soonest")).Take(3).ShouldBe(["rao", "sharma", "iyer"]);
        (await Find("?sort=soonest&limit=2")).ShouldBe(["rao", "sharma"]);
        (await Find("?sort=soonest&q=dr")).Take(3).ShouldBe(["rao", "sharma", "iyer"]);
        (await Find("?sort=soonest&specialization=kayachikitsa")).ShouldBe(["rao", "iyer"]);
    }

    [Fact]
    public async Task Available_on_is_a_date_of_the_doctors_own_zone()
    {
        await FreshSlots();
        // 13:00 UTC is after midnight in Auckland in every season, and the same evening in India.
        const string Evening = "((now() at time zone 'UTC')::date + 40 + time '13:00') at time zone 'UTC'";
        await directory.Server.OpenSlot(directory.Ids["kumar"], Evening);
        await directory.Server.OpenSlot(directory.Ids["nair"], Evening);
        var day = await directory.Server.Owner.Statement("select (now() at time zone 'UTC')::date + 40")
            .Value<DateOnly>();
        (await Find($"?available_on={day:yyyy-MM-dd}")).ShouldBe(["nair"]);
        (await Find($"?available_on={day.AddDays(1):yyyy-MM-dd}")).ShouldBe(["kumar"]);
        (await Find($"?available_on={day.AddDays(-1):yyyy-MM-dd}")).ShouldBe([]);
    }

    /// <summary>Rao is free first, then Sharma, then Iyer. The others have no slots.</summary>
    async Task FreshSlots()
    {
        await directory.Server.Owner.Statement("delete from scheduling.slots").Execute();
        await directory.Server.OpenSlot(directory.Ids["iyer"], "now() + interval '4 days'");
        await directory.Server.OpenSlot(directory.Ids["rao"], "now() + interval '2 days'");
        await directory.Server.OpenSlot(directory.Ids["rao"], "now() + interval '5 days'");
        await directory.Server.OpenSlot(directory.Ids["sharma"], "now() + interval '3 days'");
    }
}
