using System.Text.Json;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Amrutam.Tests.Tidy;

namespace Amrutam.Tests.Patients.Records;

/// <summary>The own record of a patient's account.</summary>
public sealed class OwnRecordTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Fact]
    public async Task An_account_has_its_own_record_from_sign_up_with_its_id_and_name()
    {
        var person = await Person.SignUp(Server);
        var own = await Own(person.Http);
        own.GetProperty("id").GetGuid().ShouldBe(person.Id);
        own.GetProperty("relation").GetString().ShouldBe("self");
        own.GetProperty("full_name").GetString().ShouldBe("Test Person");
        own.GetProperty("birth_date").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task The_own_record_takes_the_name_of_the_account()
    {
        var person = await Person.SignUp(Server);
        (await person.Http.Patch("/api/me", new { full_name = "Asha Rao" })).Is(200);
        (await Own(person.Http)).GetProperty("full_name").GetString().ShouldBe("Asha Rao");
    }

    [Fact]
    public async Task An_account_that_becomes_a_patients_has_a_record_from_then_on()
    {
        var doctor = await Server.User("doctor");
        (await doctor.Http.Get("/api/me/patients")).Is(403);
        await Server.Owner.Statement("update identity.users set role = 'patient' where id = $1").With(doctor.Id)
            .Execute();
        (await Own((await Server.Again(doctor, "patient")).Http)).GetProperty("id").GetGuid().ShouldBe(doctor.Id);
    }

    /// <summary>An account of a version that knew no patients has no record until the migration makes it.</summary>
    [Fact]
    public async Task The_migration_gives_each_patients_account_its_record()
    {
        var (patient, doctor) = (await Server.User("patient", "Asha Rao"), await Server.User("doctor"));
        await using var connection = await Server.Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.Statement("drop schema patients cascade").Execute();
        await connection.Statement(await File.ReadAllTextAsync(
            Tree.Path("src/Amrutam/Patients/Migrations/0830_patients.sql"))).Execute();
        (await connection.Statement("select full_name from patients.patients where id = any($1)")
            .With(new[] { patient.Id, doctor.Id }).List(row => row.GetString(0))).ShouldBe(["Asha Rao"]);
    }

    static async Task<JsonElement> Own(HttpClient http) => (await http.Get("/api/me/patients")).Is(200).Items.Single();
}
