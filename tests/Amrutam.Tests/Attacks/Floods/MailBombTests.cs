using System.Reflection;
using Amrutam.Identity.Accounts;
using Amrutam.Identity.Mail;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Npgsql;

namespace Amrutam.Tests.Attacks.Floods;

/// <summary>The attacker wants the product to fill a stranger's inbox.</summary>
public sealed class MailBombTests(TestCluster cluster) : IAsyncLifetime
{
    const int PerHour = 3, Tries = 8;

    TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.Start(await cluster.NewDatabase(),
        $"--Limits:LettersPerReceiver={PerHour}", "--Mail:Host=127.0.0.1", "--Mail:Port=1");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    public static TheoryData<string> Letters { get; } = [.. typeof(Emails)
        .GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
        .Where(method => method.ReturnType.IsAssignableTo(typeof(Task))).Select(method => method.Name)];

    /// <summary>The letters are the methods of <see cref="Emails"/>, so that a new one is tried too.</summary>
    [Theory]
    [MemberData(nameof(Letters))]
    public async Task Of_each_letter_a_receiver_gets_a_few_an_hour(string letter)
    {
        var method = typeof(Emails).GetMethod(letter)!;
        var (address, emails) = (Address(), _server.App.Services.GetRequiredService<Emails>());
        var admin = await _server.User("admin");
        for (var n = 0; n < Tries; n++)
            await _server.Owner.InTransaction(async connection =>
            {
                await (Task)method.Invoke(emails, [.. method.GetParameters()
                    .Select(p => Argument(p, connection, address))])!;
                return true;
            });
        (await Queued()).ShouldBe(PerHour, $"letters '{letter}' in the queue; admin {admin.Id}");
    }

    [Fact]
    public async Task Letters_with_links_share_one_allowance_and_a_tag_makes_no_other_receiver()
    {
        var (name, emails) = (Guid.CreateVersion7().ToString("N"), _server.App.Services.GetRequiredService<Emails>());
        var sent = new List<bool>();
        for (var n = 0; n < Tries; n++)
            sent.Add(await _server.Owner.InTransaction(connection => n % 2 == 0
                ? emails.VerifyAddress(connection, $"{name}+{n}@example.org", () => Task.FromResult("token"))
                : emails.ResetPassword(connection, $"{name.ToUpperInvariant()}@example.org",
                    () => Task.FromResult("token"))));
        sent.ShouldBe(Enumerable.Range(0, Tries).Select(n => n < PerHour));
    }

    [Fact]
    public async Task A_change_of_address_fills_no_strangers_inbox_and_its_answer_discloses_nothing()
    {
        var (person, taken) = (await Person.SignUp(_server), await Person.SignUp(_server));
        var stranger = Address();
        foreach (var address in (string[])[stranger, taken.Email])
        {
            var before = await Queued();
            for (var n = 0; n < Tries; n++)
                (await person.Http.Post("/api/me/email", new { email = address, password = Person.Password })).Is(202)
                    .Text.ShouldBeEmpty();
            (await Queued() - before).ShouldBeLessThanOrEqualTo(2 * PerHour);
        }
    }

    [Fact]
    public async Task A_letter_that_is_not_sent_leaves_the_earlier_link_as_it_was()
    {
        var person = await Person.SignUp(_server);
        for (var n = 0; n < Tries; n++)
            (await person.Http.Post("/api/me/email-verification")).Is(202);
        (await _server.Owner.Statement("""
            select count(*) from identity.mailed_tokens where user_id = $1 and used_at is null
            """).With(person.Id).Value<long>()).ShouldBe(1);
        (await _server.Owner.Statement("select count from identity.attempts where what = 'links to a receiver'")
            .List(row => row.GetInt32(0))).ShouldBe([Tries + 1]);
        (await Queued()).ShouldBe(PerHour);
    }

    [Fact]
    public async Task An_admin_whose_invitation_is_not_sent_gets_429_and_invites_nobody()
    {
        var admin = await _server.User("admin");
        var email = Address();
        for (var n = 0; n < Tries; n++)
        {
            var reply = await admin.Http.Post("/api/admin/invitations", new { email, role = "doctor" });
            if (n >= PerHour) reply.Is(429, "too_many_requests");
            else (await admin.Http.Delete("/api/admin/invitations/" + reply.Is(201).Id)).Is(204);
        }
        (await admin.Http.Get("/api/admin/invitations")).Is(200).Items.ShouldBeEmpty();
    }

    static string Address() => Guid.CreateVersion7().ToString("N") + "@example.org";

    Task<long> Queued() => _server.Owner.Statement("select count(*) from notifications.outgoing_mails").Value<long>();

    static object Argument(ParameterInfo parameter, NpgsqlConnection connection, string address) => parameter switch
    {
        { ParameterType: var type } when type == typeof(NpgsqlConnection) => connection,
        { ParameterType: var type } when type == typeof(User) => new User { Email = address, Role = "patient" },
        { ParameterType: var type } when type == typeof(Func<Task<string>>) => () => Task.FromResult("token"),
        { ParameterType: var type } when type == typeof(Instant) => Instant.FromUtc(2030, 1, 1, 0, 0),
        { ParameterType: var type } when type == typeof(Guid) => Guid.CreateVersion7(),
        { Name: "role" } => "doctor",
        _ => address,
    };
}
