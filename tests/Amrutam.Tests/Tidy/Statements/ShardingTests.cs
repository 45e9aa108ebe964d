using System.Text.RegularExpressions;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Tidy.Statements;

/// <summary>docs/beyond-one-primary.md against the advisory locks and the triggers of the product.</summary>
public sealed partial class ShardingTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const string Advisory = "advisory";

    [Fact]
    public async Task Every_advisory_lock_and_trigger_is_judged_for_sharding()
    {
        var statements = SqlConstants.All.Where(sql => sql.Text.Contains(Advisory, StringComparison.Ordinal))
            .Select(sql => string.Join('.', sql.Name.Split('.', '+')[^2..]));
        var objects = await fixture.Server.Owner.Statement(LocksAndTriggers).List(row => row.GetString(0));
        objects.Count.ShouldBeGreaterThan(5);
        Documented().ShouldBe(statements.Concat(objects), ignoreOrder: true);
    }

    /// <summary>The first cells of the page's last table.</summary>
    static IEnumerable<string> Documented() =>
        Use().Matches(File.ReadAllText(Tree.Path("docs/beyond-one-primary.md"))).Select(match => match.Groups[1].Value);

    const string LocksAndTriggers = """
        select n.nspname || '.' || p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where p.prosrc like '%advisory%' and n.nspname not in ('pg_catalog', 'information_schema')
        union all
        select t.tgname from pg_trigger t where not t.tgisinternal and t.tgparentid = 0
        """;

    [GeneratedRegex(@"^\| `([\w.]+)` \|", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Use();
}
