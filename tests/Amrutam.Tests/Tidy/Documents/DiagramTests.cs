using System.Text;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;
using Npgsql;

namespace Amrutam.Tests.Tidy.Documents;

/// <summary>docs/er-diagram.md is drawn from the migrated database.</summary>
[Trait("Approves", "diagrams")]
public sealed class DiagramTests(TestCluster cluster)
{
    [Fact]
    public async Task The_entity_diagram_is_drawn_from_the_migrated_schema()
    {
        await using var database = NpgsqlDataSource.Create((await cluster.NewDatabase()).Owner);
        var columns = await database.Statement(Columns)
            .List(row =>
                (Table: row.GetString(0), Name: row.GetString(1), Type: row.GetString(2),
                    Keys: row.GetString(3)), default);
        var references = await database.Statement(References)
            .List(row =>
                (From: row.GetString(0), To: row.GetString(1), By: row.GetString(2),
                    Optional: row.GetBoolean(3)), default);

        var diagram = new StringBuilder(
                "# The tables and what refers to what\n\nDrawn from the migrated schema by `./x docs`.\n\n")
            .Append("```mermaid\nerDiagram\n");
        foreach (var (from, to, by, optional) in references)
        {
            diagram.Append($"    {to} {(optional ? "|o" : "||")}--o{{ {from} : \"{by}\"\n");
        }

        foreach (var table in columns.GroupBy(column => column.Table))
        {
            diagram.Append($"    {table.Key} {{\n");
            diagram.AppendJoin("", table.Select(column => $"        {column.Type} {column.Name}{column.Keys}\n"))
                .Append("    }\n");
        }

        diagram.Append("```\n").ToString().ShouldBeApproved("docs/er-diagram.md");
    }

    // Mermaid takes letters, digits, underscores and hyphens in names and types. The months' partitions are left out.
    const string Columns = """
        select replace(t.oid::regclass::text, '.', '_'), a.attname::text,
               regexp_replace(format_type(a.atttypid, null), '[^a-z0-9]+', '_', 'g'),
               case when exists (select from pg_constraint k where k.conrelid = t.oid and k.contype = 'p'
                    and a.attnum = any (k.conkey))
                    then ' PK' else '' end
          from pg_class t
          join pg_namespace n on n.oid = t.relnamespace
          join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
         where t.relkind in ('r', 'p') and not t.relispartition
           and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
         order by 1, a.attnum
        """;

    const string References = """
        select replace(k.conrelid::regclass::text, '.', '_'), replace(k.confrelid::regclass::text, '.', '_'),
               string_agg(a.attname, ', ' order by a.attnum), bool_or(not a.attnotnull)
          from pg_constraint k
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
         where k.contype = 'f' and k.conparentid = 0
         group by k.oid, 1, 2
         order by 2, 1, 3
        """;
}
