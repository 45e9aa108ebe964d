using Amrutam.Notifications.Messages;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Http;
using Amrutam.Platform.Invariants;
using Amrutam.Platform.Transfer;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Platform.Transfer;

/// <summary>A clinic's files come in whole or not at all, and once.</summary>
public sealed class ImportTests(TestCluster cluster) : IAsyncLifetime
{
    const string Types = """
        external_id,name,minutes,mode,first,fee_minor
        T1,First visit,45,in_person,true,80000
        T2,Follow-up,15,video,false,30000
        """;

    const string Doctors = """
        external_id,email,full_name,specialization,experience,bio,languages,verified
        D1,d1@import.example,Asha Rao,Panchakarma,12,Treats adults.,hi;en,true
        """;

    const string Offers = """
        external_id,doctor,visit_type,fee_minor
        O1,D1,T1,90000
        """;

    const string Patients = """
        external_id,full_name,birth_date,phone,sex,city
        P1,Meena Joshi,1990-02-28,098765 43210,female,Pune
        P2,"Rao, Kiran",,+919876543211,,
        """;

    const string Bookings = """
        external_id,patient,doctor,starts_at,minutes,visit_type,reason
        B1,P1,D1,2031-01-06T04:30:00Z,45,T1,Back pain
        B2,P2,D1,2031-01-06T11:00:00+05:30,45,,
        """;

    readonly string _folder = Directory.CreateTempSubdirectory("amrutam-import-").FullName;
    TestServer _server = null!;
    Guid _admin;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.Start(await cluster.NewDatabase());
        _admin = (await _server.User("admin")).Id;
    }

    public async ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_clinic_comes_in_by_the_rules_of_its_routes_and_a_second_time_changes_nothing()
    {
        WriteAll();
        var report = await Import();
        report.Lines.ShouldBe(["visit_types.csv: 2 lines taken, 0 were there already",
            "doctors.csv: 1 lines taken, 0 were there already", "offers.csv: 1 lines taken, 0 were there already",
            "patients.csv: 2 lines taken, 0 were there already", "bookings.csv: 2 lines taken, 0 were there already"]);
        var staff = await _server.User("staff");
        var doctor = (await _server.Owner.Statement("select id from doctors.profiles").List(row => row.GetGuid(0)))[0];
        var day = (await staff.Http.Get($"/api/day?date=2031-01-06&doctor_id={doctor}")).Is(200);
        day.All("status").ShouldBe(["confirmed", "confirmed"]);
        (await staff.Http.Get("/api/patients?q=9876543210")).Is(200).All("full_name").ShouldBe(["Meena Joshi"]);
        (await _server.Anonymous().Get("/api/doctors?q=Asha")).Is(200).All("verified").ShouldBe(["True"]);
        (await _server.Owner.Statement(ReadVisits).List(row => row.GetString(0)))
            .ShouldBe(["First visit 90000", "First visit 90000"]);
        await Holds();

        var before = await Everything();
        (await Import()).Lines.ShouldAllBe(line => line.Contains(" 0 lines taken"));
        (await Everything()).ShouldBe(before);
    }

    [Fact]
    public async Task A_dry_run_judges_every_line_and_changes_nothing()
    {
        WriteAll();
        var before = await Everything();
        (await Import(dryRun: true)).HasErrors.ShouldBeFalse();
        (await Everything()).ShouldBe(before);
    }

    /// <summary>Each case is a file with one wrong line, and the report of it.</summary>
    public static TheoryData<string, string, string> Wrong { get; } = new()
    {
        { "patients", "P\0,Meera,,,,", "patients.csv line 4: external_id must have 1 to 200 characters, and no " },
        { "patients", "P3,,,,,", "patients.csv line 4: full_name is required" },
        { "patients", "P1,Other Person,,,,", "patients.csv line 4: external_id is also that of line 2" },
        { "patients", ",No Id,,,,", "patients.csv line 4: external_id must have 1 to 200 characters" },
        { "patients", "P3,Meera,2190-01-01,,,", "patients.csv line 4: birth_date must not be in the future" },
        { "patients", "P3,Meera,1.2.1990,,,", "patients.csv line 4: birth_date must be a date, as 2018-02-28" },
        { "patients", "P3,Meera,,12,,", "patients.csv line 4: phone " },
        { "patients", "P3,\"Meera", "patients.csv line 4: is no CSV with the columns of the header: " },
        { "patients", "P3,Meera", "patients.csv line 4: is no CSV with the columns of the header: " },
        { "doctors", "D2,D1@IMPORT.EXAMPLE,Other,Panchakarma,1,Bio,,", "doctors.csv line 3: email belongs to " },
        { "doctors", "D2,nowhere,Other,Panchakarma,1,Bio,,", "doctors.csv line 3: email must be an e-mail address" },
        { "doctors", "D2,d2@import.example,Other,Panchakarma,many,Bio,,", "doctors.csv line 3: experience must be " },
        { "visit_types", "T3,Talk,1,video,true,", "visit_types.csv line 4: minutes must be 5 to 720" },
        { "visit_types", "T3,Talk,15,video,perhaps,", "visit_types.csv line 4: first must be true or false" },
        { "offers", "O2,D9,T1,", "offers.csv line 3: doctor is no external_id of doctors.csv" },
        { "offers", "O2,D1,T1,", "offers.csv line 3: visit_type is offered by the doctor already" },
        { "bookings", "B3,P9,D1,2031-02-03T04:30:00Z,45,,", "bookings.csv line 4: patient is no external_id of " },
        { "bookings", "B3,P1,D1,2031-02-03 04:30,45,,", "bookings.csv line 4: starts_at must be an instant " },
        { "bookings", "B3,P1,D1,2001-02-03T04:30:00Z,45,,", "bookings.csv line 4: starts_at cannot be booked: " },
        { "bookings", "B3,P2,D1,2031-01-06T04:40:00Z,45,,", "bookings.csv line 4: starts_at is not free: the doctor " },
        { "bookings", "B3,P2,D1,2031-02-03T04:30:00Z,45,T2,", "bookings.csv line 4: starts_at cannot be booked: " },
        { "bookings", "B3,P2,D1,2031-02-03T04:30:00Z,15,T1,", "bookings.csv line 4: starts_at cannot be booked: " },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_wrong_line_is_named_and_nothing_comes_in(string file, string line, string error)
    {
        WriteAll();
        File.AppendAllText(Path.Combine(_folder, file + ".csv"), '\n' + line);
        var before = await Everything();
        var report = await Import();
        report.Count.ShouldBe(1);
        report.Lines.First().ShouldStartWith(error);
        (await Everything()).ShouldBe(before);
    }

    [Fact]
    public async Task A_patient_cannot_be_in_two_places()
    {
        WriteAll();
        Append("doctors", "D2,d2@import.example,Other,Panchakarma,1,Bio,,true");
        Append("bookings", "B3,P1,D2,2031-01-06T04:45:00Z,45,,");
        (await Import()).Lines.First().ShouldStartWith(
            "bookings.csv line 4: starts_at cannot be booked: bookings_of_a_patient_do_not_overlap");
    }

    [Fact]
    public async Task All_wrong_lines_are_reported_at_once_up_to_a_bound()
    {
        Write("patients", "external_id,full_name\n"
            + string.Join('\n', Enumerable.Range(0, ImportReport.MostErrors + 5).Select(n => $"P{n},")));
        var report = await Import();
        report.Count.ShouldBe(ImportReport.MostErrors + 5);
        report.Lines.ShouldContain("… and 5 more errors");
    }

    [Fact]
    public async Task A_foreign_file_an_unknown_column_and_a_missing_one_are_named()
    {
        Write("invoices", "id");
        (await Import().ShouldThrowAsync<StartupException>()).Message.ShouldStartWith("invoices.csv is no file of an ");
        File.Delete(Path.Combine(_folder, "invoices.csv"));
        Write("patients", "external_id,full_name,shoe_size\nP1,Meera,39");
        (await Import().ShouldThrowAsync<StartupException>()).Message
            .ShouldStartWith("patients.csv has the unknown column shoe_size.");
        Write("patients", "external_id,full_name,full_name\nP1,Meera,Meera");
        (await Import().ShouldThrowAsync<StartupException>()).Message
            .ShouldBe("patients.csv has the column full_name twice.");
        Write("patients", "external_id,\"full_name");
        (await Import().ShouldThrowAsync<StartupException>()).Message.ShouldStartWith("patients.csv has no header: ");
        Write("patients", "full_name\nMeera");
        (await Import().ShouldThrowAsync<StartupException>()).Message
            .ShouldBe("patients.csv has no column external_id.");
    }

    [Fact]
    public async Task More_bookings_than_PostgreSQL_has_locks_for_are_refused_before_the_first()
    {
        Write("bookings", "external_id,patient,doctor,starts_at" + new string('\n', 200_000));
        (await Import().ShouldThrowAsync<StartupException>()).Message
            .ShouldStartWith("bookings.csv has 200000 lines, and PostgreSQL has room for ");
    }

    [Fact]
    public async Task Nobody_hears_that_an_imported_booking_was_made_but_reminders_are_sent()
    {
        WriteAll();
        await Import();
        // The desk's record is now that of an account, which can be written to.
        var account = await _server.User("patient");
        await _server.Owner.Statement("update identity.users set email_confirmed = true where id = $1")
            .With(account.Id).Execute();
        await _server.Owner.Statement("""
            insert into patients.guardians (patient_id, account_id, relation)
            select id, $1, 'other' from patients.patients where full_name = 'Meena Joshi'
            """).With(account.Id).Execute();
        (await _server.App.Services.GetRequiredService<EventReader<PlanMessages>>()
            .CatchUp(TimeSpan.FromSeconds(60), CancellationToken.None)).ShouldBeTrue();
        (await _server.Owner.Statement("select kind from notifications.messages order by kind")
            .List(row => row.GetString(0))).ShouldBe(["reminder_day", "reminder_hour"]);
    }

    void WriteAll()
    {
        Write("visit_types", Types);
        Write("doctors", Doctors);
        Write("offers", Offers);
        Write("patients", Patients);
        Write("bookings", Bookings);
    }

    void Write(string file, string text) => File.WriteAllText(Path.Combine(_folder, file + ".csv"), text);

    void Append(string file, string line) => File.AppendAllText(Path.Combine(_folder, file + ".csv"), '\n' + line);

    Task<ImportReport> Import(bool dryRun = false) => _server.App.Services.GetRequiredService<ImportFolder>()
        .Run(_folder, new CurrentUser(_admin, Allow.Admin, Guid.Empty), dryRun, CancellationToken.None);

    async Task Holds() =>
        (await _server.App.Services.GetRequiredService<SweepInvariants>().RunInFull(CancellationToken.None))
            .ShouldAllBe(result => result.Violations == 0);

    async Task<string> Everything() => (await _server.Owner.Statement("""
        select concat_ws(' ', (select count(*) from identity.users), (select count(*) from doctors.profiles),
            (select count(*) from patients.patients), (select count(*) from scheduling.visit_types),
            (select count(*) from scheduling.doctor_visit_types), (select count(*) from scheduling.slots),
            (select count(*) from scheduling.bookings), (select count(*) from platform.imported_rows),
            (select count(*) from audit.events))
        """).Value<string>())!;

    const string ReadVisits = """
        select concat(visit ->> 'name', ' ', visit ->> 'fee_minor') from scheduling.bookings order by starts_at
        """;
}
