using Amrutam.Platform.Data;
using Amrutam.Scheduling.Desk;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.Desk;

/// <summary>The front desk lists and downloads the bookings of the clinic.</summary>
public sealed class ClinicBookingsTests(TestCluster cluster) : IAsyncLifetime
{
    const string List = "/api/admin/bookings", File = "/api/admin/bookings.csv";
    const string Secret = "a rash that nobody must hear of";

    TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.Start(await cluster.NewDatabase());

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Staff_list_the_bookings_of_every_doctor_by_time_and_filter_them()
    {
        var staff = await _server.User("staff");
        var (first, second) = (await _server.Doctor(), await _server.Doctor());
        var (asha, ravi) = (await _server.User("patient", "Asha Rao"), await _server.User("patient", "Ravi Iyer"));
        var late = (await asha.Book(await first.Slot(3))).Is(201).Id;
        var early = (await asha.Book(await second.Slot(1))).Is(201).Id;
        var middle = (await ravi.Book(await first.Slot(2))).Is(201).Id;
        (await ravi.Http.Post($"/api/bookings/{middle}/cancellation")).Is(200);
        (await Ids("")).ShouldBe([late, middle, early]);
        (await Ids("?sort=starts_at")).ShouldBe([early, middle, late]);
        (await Ids($"?doctor_id={first.Id}")).ShouldBe([late, middle]);
        (await Ids($"?patient_id={asha.Id}")).ShouldBe([late, early]);
        (await Ids($"?patient_id={asha.Id}&doctor_id={second.Id}&sort=starts_at")).ShouldBe([early]);
        (await Ids("?status=cancelled")).ShouldBe([middle]);
        var starts = (await staff.Http.Get(List)).Items.Single(b => b.GetProperty("id").GetGuid() == middle)
            .GetProperty("starts_at").GetString();
        (await Ids($"?from={starts}")).ShouldBe([late, middle]);
        (await Ids($"?to={starts}")).ShouldBe([early]);
        (await staff.Http.Get(List)).Items
            .Select(b => b.GetProperty("patient").GetProperty("full_name").GetString())
            .ShouldBe(["Asha Rao", "Ravi Iyer", "Asha Rao"]);

        async Task<Guid[]> Ids(string query) => [.. (await staff.Http.Get(List + query)).Is(200).Ids()];
    }

    [Theory]
    [InlineData("")]
    [InlineData("?sort=starts_at")]
    public async Task The_list_has_pages(string query)
    {
        var (admin, patient) = (await _server.User("admin"), await _server.User("patient"));
        var booked = new List<Guid>();
        foreach (var doctor in new[] { await _server.Doctor(), await _server.Doctor() })
            for (var i = 0; i < 3; i++)
                booked.Add((await patient.Book(await doctor.Slot(booked.Count))).Is(201).Id);
        var seen = new List<Guid>();
        for (var cursor = (string?)""; cursor is not null;)
        {
            var page = (await admin.Http.Get($"{List}{(query == "" ? "?" : query + "&")}limit=2&cursor={cursor}"))
                .Is(200);
            seen.AddRange(page.Ids());
            cursor = page.Body.GetProperty("next_cursor").GetString();
        }
        if (query == "") booked.Reverse();
        seen.ShouldBe(booked);
    }

    [Theory]
    [InlineData("?status=moved")]
    [InlineData("?status=%25")]
    [InlineData("?sort=patient")]
    public async Task An_unknown_word_is_refused_by_name(string query)
    {
        var staff = await _server.User("staff");
        (await staff.Http.Get(List + query)).Is(422, "invalid_fields");
        (await staff.Http.Get(File + query)).Is(422, "invalid_fields");
    }

    [Fact]
    public async Task The_desk_reads_no_reasons_and_each_patient_sees_that_it_read()
    {
        var (staff, doctor, patient) = (await _server.User("staff"), await _server.Doctor(),
            await _server.User("patient"));
        var booking = (await patient.Book(await doctor.Slot(), reason: Secret)).Is(201).Id;
        (await patient.Http.Post($"/api/bookings/{booking}/cancellation", new { reason = Secret })).Is(200);
        (await staff.Http.Get(List)).Is(200).Text.ShouldNotContain(Secret);
        (await staff.Http.Get(File)).Is(200).Text.ShouldNotContain(Secret);
        var log = (await patient.Http.Get("/api/me/access-log")).Is(200);
        log.All("action").ShouldBe(["bookings.exported", "bookings.read"]);
        log.All("by_role").Distinct().ShouldBe(["staff"]);
    }

    [Fact]
    public async Task The_file_has_the_bookings_of_the_list_and_no_formula()
    {
        var (staff, doctor) = (await _server.User("staff"), await _server.Doctor());
        string[] names = ["=2+3", "+91", "-1", "@sum", "Rao, \"Asha\"", "आशा"];
        foreach (var name in names)
            (await (await _server.User("patient", name)).Book(await doctor.Slot(Array.IndexOf(names, name)))).Is(201);
        var file = (await staff.Http.Get(File + "?sort=starts_at")).Is(200);
        file.Header("Content-Type").ShouldBe("text/csv; charset=utf-8");
        file.Header("Content-Disposition").ShouldBe("attachment; filename=\"clinic-bookings.csv\"");
        file.Header("Cache-Control").ShouldBe("no-store");
        var lines = file.Text.TrimEnd().Split("\r\n");
        lines[0].ShouldBe("id,starts_at,ends_at,status,doctor_id,doctor,patient_id,patient,phone,"
            + "cancelled_by,no_show_party,created_at");
        var list = (await staff.Http.Get(List + "?sort=starts_at")).Is(200);
        lines.Skip(1).Select(line => line.Split(',')[0]).ShouldBe(list.All("id"));
        string[] cells = ["\"'=2+3\"", "\"'+91\"", "\"'-1\"", "\"'@sum\"", "\"Rao, \"\"Asha\"\"\"", "आशा"];
        for (var i = 0; i < cells.Length; i++) lines[i + 1].ShouldContain($",{cells[i]},");
    }

    [Fact]
    public async Task More_bookings_than_a_file_holds_are_refused()
    {
        var (staff, doctor, patient) = (await _server.User("staff"), await _server.Doctor(),
            await _server.User("patient"));
        await _server.Owner.Statement("""
            insert into scheduling.bookings (id, slot_id, doctor_id, patient_id, starts_at, ends_at, status,
                   cancelled_by, cancelled_minutes_ahead)
            select gen_random_uuid(), s.id, s.doctor_id, $2, s.starts_at, s.ends_at, 'cancelled', 'patient', 1
              from scheduling.slots s, generate_series(1, $3) where s.id = $1
            """).With(await doctor.Slot()).With(patient.Id).With(DownloadClinicBookings.MostRows + 1).Execute();
        foreach (var filter in new[] { "?", $"?patient_id={patient.Id}&", $"?doctor_id={doctor.Id}&" })
        {
            (await staff.Http.Get(File + filter + "status=cancelled")).Is(422, "too_many_rows");
            (await staff.Http.Get(File + filter + "status=confirmed")).Is(200);
        }
    }
}
