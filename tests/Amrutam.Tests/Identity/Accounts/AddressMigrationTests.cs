using Amrutam.Identity.Accounts;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;
using Amrutam.Tests.Tidy;
using Npgsql;

namespace Amrutam.Tests.Identity.Accounts;

/// <summary>The migration gives earlier accounts the form of their address in which they are looked for.</summary>
public sealed class AddressMigrationTests(TestCluster cluster)
{
    const string Migration = "src/Amrutam/Identity/Migrations/0115_addresses_with_ascii_domains.sql";

    static readonly string[] Domains = ["example.org", "bücher.example", "डाक.भारत", "例え.テスト", "mañana.com",
        "пример.испытание", "a.bücher.ñ-x.example", "他们为什么不说中文.example", "ليهمابتكلموشعربي؟.example",
        "🩺.example", "प्रिय-मित्र.भारत"];

    [Fact]
    public async Task Each_address_is_found_by_the_form_that_is_compared()
    {
        var database = await cluster.NewDatabase();
        await using var owner = Database.OpenUnpooled(database.Owner, "tests");
        foreach (var (n, domain) in Domains.Index())
            await Add(owner, $"a{n}@{domain}", $"A{n}@{domain.ToUpperInvariant()}");
        // Both forms have an account.
        await Add(owner, "twice@xn--bcher-kva.example", "TWICE@XN--BCHER-KVA.EXAMPLE");
        await Add(owner, "twice@bücher.example", "TWICE@BÜCHER.EXAMPLE");
        await owner.Statement(await File.ReadAllTextAsync(Tree.Path(Migration))).Execute();
        foreach (var (n, domain) in Domains.Index())
            (await Compared(owner, $"a{n}@{domain}")).ShouldBe(EmailAddress.Normal($"a{n}@{domain}"), domain);
        (await Compared(owner, "twice@bücher.example")).ShouldBe("TWICE@BÜCHER.EXAMPLE");
    }

    static Task Add(NpgsqlDataSource owner, string email, string compared) => owner.Statement("""
        insert into identity.users (id, email, normalized_email, role, security_stamp, concurrency_stamp)
        values (gen_random_uuid(), $1, $2, 'patient', 'x', 'x')
        """).With(email).With(compared).Execute();

    static Task<string?> Compared(NpgsqlDataSource owner, string email) =>
        owner.Statement("select normalized_email from identity.users where email = $1").With(email).Value<string>();
}
