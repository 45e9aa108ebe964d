using Amrutam.Identity.Privacy;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace Amrutam.Tests.Patients.Records;

/// <summary>The dependants that an account registers.</summary>
public sealed class RegisterDependantTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    static readonly LocalDate Today = SystemClock.Instance.GetCurrentInstant().InUtc().Date;

    TestServer Server => fixture.Server;

    static Dictionary<string, object?> Child(params (string Name, object? Value)[] members)
    {
        var child = new Dictionary<string, object?>
        {
            ["full_name"] = "Mira Rao", ["relation"] = "child", ["birth_date"] = Date(Today.PlusYears(-8)),
            ["consent"] = new { text_version = "2026-01", accepted = true },
        };
        foreach (var (name, value) in members) child[name] = value;
        return child;
    }

    [Fact]
    public async Task A_guardian_registers_a_child_with_consent_and_books_for_the_child()
    {
        var mother = await Server.User("patient");
        var child = (await mother.Http.Post("/api/me/patients", Child(("phone", "098765 43210"), ("sex", "female"))))
            .Is(201);
        child["relation"].ShouldBe("child");
        child["age_years"].ShouldBe("8");
        child["phone"].ShouldBe("+919876543210");
        (await mother.Http.Get("/api/me/patients")).Is(200).Ids().ShouldBe([mother.Id, child.Id]);
        (await mother.Http.Post("/api/bookings",
            new { slot_id = await (await Server.Doctor()).Slot(1), patient_id = child.Id })).Is(201);
        (await Server.Owner.Statement("""
            select text_version || ' ' || verified_by from patients.consents where patient_id = $1 and account_id = $2
            """).With(child.Id).With(mother.Id).List(row => row.GetString(0))).ShouldBe(["2026-01 session"]);
        (await Server.Owner.Statement("select details::text from audit.events where entity_id = $1").With(child.Id)
            .List(row => row.GetString(0))).ShouldBe(["""{"consent": true}"""]);
    }

    [Fact]
    public async Task Under_18_the_consent_of_the_guardian_is_needed()
    {
        var http = (await Server.User("patient")).Http;
        const string Needed = "guardian_consent_required";
        (await http.Post("/api/me/patients", Child(("consent", null)))).Is(422, Needed);
        (await http.Post("/api/me/patients", Child(("consent", new { text_version = "1", accepted = false }))))
            .Is(422, Needed);
        var young = Date(Today.PlusYears(-18).PlusDays(1));
        (await http.Post("/api/me/patients", Child(("consent", null), ("birth_date", young)))).Is(422, Needed);
        (await http.Post("/api/me/patients", Child(("consent", null), ("birth_date", null)))).Is(422, Needed);
        (await http.Post("/api/me/patients", Child(("consent", null), ("birth_date", Date(Today.PlusYears(-18))))))
            .Is(201);
        (await http.Post("/api/me/patients", new { full_name = "Ravi Rao", relation = "spouse" })).Is(201);
    }

    public static TheoryData<string, object?> WrongFields => new()
    {
        { "full_name", "" }, { "full_name", new string('x', 201) }, { "relation", "self" }, { "relation", "cousin" },
        { "birth_date", Date(Today.PlusDays(2)) }, { "age_years", 8 }, { "sex", "?" }, { "phone", "12" },
        { "phone", "+91 1" }, { "language", "Hindi!" }, { "city", new string('x', 101) },
        { "consent.text_version", new { text_version = "", accepted = true } },
    };

    [Theory, MemberData(nameof(WrongFields))]
    public async Task A_wrong_field_is_named_and_nothing_is_saved(string field, object? value)
    {
        var mother = await Server.User("patient");
        (await mother.Http.Post("/api/me/patients", Child((field.Split('.')[0], value)))).Is(422)
            .Body.GetProperty("errors").TryGetProperty(field, out _).ShouldBeTrue();
        (await mother.Http.Get("/api/me/patients")).Is(200).Ids().ShouldBe([mother.Id]);
    }

    [Fact]
    public async Task The_same_child_is_registered_once_and_the_21st_dependant_is_refused()
    {
        var mother = await Server.User("patient");
        var replies = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => mother.Http.Post("/api/me/patients", Child())));
        replies.Count(reply => reply.Status == 201).ShouldBe(1);
        foreach (var reply in replies.Where(reply => reply.Status != 201)) reply.Is(409, "dependant_is_known");
        for (var n = 2; n <= 20; n++)
            (await mother.Http.Post("/api/me/patients", Child(("full_name", "Child" + (char)('a' + n))))).Is(201);
        (await mother.Http.Post("/api/me/patients", Child(("full_name", "Last")))).Is(422, "too_many_dependants");
    }

    [Fact]
    public async Task Names_of_every_script_and_numbers_of_every_notation_are_read()
    {
        var http = (await Server.User("patient")).Http;
        foreach (var (name, phone) in new[]
        {
            ("मीरा राव", "0091 98765-43210"), ("மீரா", "९८७६५४३२१०"), ("美玲", "+44 20 7946 0958"),
        })
            (await http.Post("/api/me/patients", Child(("full_name", name), ("phone", phone)))).Is(201)["phone"]
                .ShouldStartWith("+");
    }

    static string Date(LocalDate date) => date.ToString("uuuu-MM-dd", null);

    /// <summary>A dependant leaves with the last account that has it, and stays with another guardian.</summary>
    [Fact]
    public async Task A_closed_account_takes_its_dependants_along_unless_another_guardian_has_them()
    {
        var doctor = await Server.Doctor();
        var (mother, father) = (await Person.SignUp(Server), await Server.User("patient"));
        var known = new TestUser(mother.Id, mother.Http);
        var (alone, shared) = (await Server.Child(3, known), await Server.Child(8, known, father));
        var bookings = new List<Guid>();
        foreach (var (child, slot) in new[] { (alone, 1), (shared, 2) })
            bookings.Add((await mother.Http.Post("/api/bookings", new
            {
                slot_id = await doctor.Slot(slot), patient_id = child, reason = "a cough",
            })).Is(201).Id);
        (await mother.Http.Get("/api/me/export")).Is(200).Body.GetProperty("bookings").GetArrayLength().ShouldBe(2);
        (await mother.Http.Post("/api/me/removal", new { password = Person.Password })).Is(202);
        (await States(bookings)).ShouldBe(["cancelled a cough", "confirmed a cough"]);
        await Server.Owner.Statement("update identity.users set deletion_due_at = now() where id = $1").With(mother.Id)
            .Execute();
        await Server.App.Services.GetRequiredService<EraseAccounts>().EraseDue(default);
        (await States(bookings)).ShouldBe(["cancelled", "confirmed a cough"]);
        (await Server.Owner.Statement("""
            select coalesce(full_name, '-') from patients.patients where id = any($1) order by full_name
            """).With(new[] { alone, shared }).List(row => row.GetString(0))).ShouldBe(["Test Child", "-"]);
        (await father.Http.Get("/api/me/patients")).Is(200).Ids().ShouldBe([father.Id, shared]);
    }

    Task<List<string>> States(List<Guid> bookings) => Server.Owner.Statement("""
        select concat_ws(' ', status, reason) from scheduling.bookings where id = any($1) order by starts_at
        """).With(bookings.ToArray()).List(row => row.GetString(0));
}
