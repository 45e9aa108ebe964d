using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Identity.Accounts;

/// <summary>Two requests that change one account at once. The later one has read the former account.</summary>
public sealed class ChangedMeanwhileTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    TestServer Server => fixture.Server;

    [Theory]
    [InlineData("accounts.changed")]
    [InlineData("passwords.changed")]
    public async Task A_change_of_an_account_that_changed_meanwhile_is_refused_whole(string action)
    {
        var person = await Person.SignUp(Server);
        await using var connection = await Server.Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.Statement(ChangeAccount).With(person.Id).Execute();
        var change = action == "accounts.changed"
            ? person.Http.Patch("/api/me", new { full_name = "Another Name" })
            : person.Http.Post("/api/me/password",
                new { password = Person.Password, new_password = "brass-kettle-7" });
        await Server.Owner.UntilOneWaitsForALock("%identity.users%");
        await transaction.CommitAsync();

        (await change).Is(409, "conflict");
        (await Server.Owner.Statement(CountEvents).With(person.Id).With(action).Value<long>()).ShouldBe(0);
        (await person.Http.Get("/api/me")).Is(200).Body.GetProperty("full_name").GetString().ShouldBe("Test Person");
        (await person.TryToSignIn()).Is(200);
    }

    const string ChangeAccount =
        "update identity.users set concurrency_stamp = gen_random_uuid()::text where id = $1";

    const string CountEvents = "select count(*) from audit.events where entity_id = $1 and action = $2";
}
