using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Tests.Tidy.Drawings;

/// <summary>Draws tables and what refers to what, from the migrated schema.</summary>
static class EntityDrawing
{
    const int TableWidth = 224, Gap = 22, Margin = 19, Row = 15, Head = 24, Columns = 4, Bend = 22;

    /// <summary>The tables that a booking needs, over all modules.</summary>
    static readonly (string Table, int Column)[] Core = [
        ("identity.users", 0), ("identity.sessions", 0), ("audit.events", 0), ("doctors.profiles", 1),
        ("scheduling.availability", 1), ("scheduling.slots", 2), ("scheduling.time_off", 2),
        ("scheduling.waitlist_entries", 2), ("scheduling.bookings", 3), ("scheduling.booking_steps", 3),
    ];

    /// <summary>Columns that name a row of another module, which no foreign key crosses.</summary>
    static readonly Dictionary<string, string> ById = new(StringComparer.Ordinal)
    {
        ["doctor_id"] = "doctors.profiles", ["patient_id"] = "identity.users", ["actor_id"] = "identity.users",
    };

    sealed record Column(string Table, string Name, string Type, bool IsKey);

    sealed record Reference(string From, string To, string By, bool IsWeak);

    sealed record Placed(string Table, IReadOnlyList<Column> Columns, int Place, double Y)
    {
        public double X => Margin + Place * (TableWidth + Gap);

        public double Height => Head + Row * Columns.Count + 6;

        public double RowOf(string column) =>
            Y + Head + Row * (Columns.Index().FirstOrDefault(c => c.Item.Name == column).Index + .6);
    }

    /// <returns>By name: <c>core</c>, and each schema.</returns>
    public static async Task<SortedDictionary<string, string>> DrawAll(NpgsqlDataSource database)
    {
        var columns = await database.Statement(ReadColumns).List(row =>
            new Column(row.GetString(0), row.GetString(1), row.GetString(2), row.GetBoolean(3)));
        var references = await database.Statement(ReadReferences).List(row =>
            new Reference(row.GetString(0), row.GetString(1), row.GetString(2), IsWeak: false));
        var tables = columns.GroupBy(c => c.Table).ToDictionary(g => g.Key, g => (IReadOnlyList<Column>)[.. g]);
        var drawings = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["core"] = Draw("The ten core tables", Core.ToDictionary(c => c.Table, c => tables[c.Table]),
                [.. references, .. ByName(tables)], Core.ToDictionary(c => c.Table, c => c.Column)),
        };
        foreach (var module in tables.GroupBy(t => t.Key.Split('.')[0]))
            drawings[module.Key] = Draw($"The tables of {module.Key}", module.ToDictionary(), references);
        return drawings;
    }

    static IEnumerable<Reference> ByName(IReadOnlyDictionary<string, IReadOnlyList<Column>> tables) =>
        Core.SelectMany(core => tables[core.Table]).Where(c => ById.ContainsKey(c.Name))
            .Select(c => new Reference(c.Table, ById[c.Name], c.Name, IsWeak: true))
            .Append(new("doctors.profiles", "identity.users", "id", IsWeak: true));

    static string Draw(string title, Dictionary<string, IReadOnlyList<Column>> tables,
        IReadOnlyList<Reference> references, Dictionary<string, int>? columns = null)
    {
        var inside = references.Where(r => tables.ContainsKey(r.From) && tables.ContainsKey(r.To)
            && r.From != r.To).ToList();
        var placed = Place(tables, inside, columns);
        var svg = new Svg();
        foreach (var reference in inside) Connect(svg, reference, placed);
        foreach (var table in placed.Values)
        {
            svg.Box(table.X, table.Y, TableWidth, table.Height).Box(table.X, table.Y, TableWidth, Head, "bar")
                .Text(table.X + 8, table.Y + 16, table.Table, "head");
            foreach (var (i, column) in table.Columns.Index())
            {
                var y = table.Y + Head + Row * (i + 1) - 2;
                svg.Text(table.X + 8, y, column.Name, column.IsKey ? "key" : "")
                    .Text(table.X + TableWidth - 8, y, column.Type, "soft end");
            }
        }
        return svg.Finish(placed.Values.Max(t => t.Y + t.Height) + Margin, title);
    }

    /// <summary>Places each table in the column that is given, or in the shortest. Tables that others refer to come
    /// first, and tables without references last.</summary>
    static Dictionary<string, Placed> Place(Dictionary<string, IReadOnlyList<Column>> tables, List<Reference> inside,
        Dictionary<string, int>? columns)
    {
        var placed = new Dictionary<string, Placed>(StringComparer.Ordinal);
        var heights = new double[Columns];
        Array.Fill(heights, Margin);
        var order = tables.Keys.OrderBy(t => !inside.Exists(r => r.From == t || r.To == t))
            .ThenBy(t => columns is null ? Level(t, inside) : Array.FindIndex(Core, c => c.Table == t))
            .ThenBy(t => t, StringComparer.Ordinal);
        foreach (var table in order)
        {
            var first = inside.Exists(r => r.From == table) ? 1 : 0;
            var place = columns?[table] ?? Enumerable.Range(first, Columns - first).MinBy(i => heights[i]);
            placed[table] = new(table, tables[table], place, heights[place]);
            heights[place] += placed[table].Height + Gap;
        }
        return placed;
    }

    static int Level(string table, List<Reference> inside) =>
        inside.Where(r => r.From == table).Select(r => Level(r.To, inside) + 1).DefaultIfEmpty(0).Max();

    static void Connect(Svg svg, Reference reference, Dictionary<string, Placed> placed)
    {
        var (from, to) = (placed[reference.From], placed[reference.To]);
        var (y, end) = (from.RowOf(reference.By), to.Y + Head / 2.0);
        var look = reference.IsWeak ? "weak" : "line";
        // From the side that faces the other table; in one column, around the left.
        var (start, target) = from.Place < to.Place ? (from.X + TableWidth, to.X)
            : (from.X, from.Place == to.Place ? to.X : to.X + TableWidth);
        var away = start == from.X ? -Bend : Bend;
        var back = target == to.X ? -Bend : Bend;
        svg.Arrow($"M{Svg.N(start)} {Svg.N(y)}C{Svg.N(start + away)} {Svg.N(y)} {Svg.N(target + back)} {Svg.N(end)} "
            + $"{Svg.N(target)} {Svg.N(end)}", look);
    }

    // The months' partitions are left out: each has the columns of its table.
    const string ReadColumns = """
        select t.oid::regclass::text, a.attname::text,
               replace(format_type(a.atttypid, null), 'timestamp with time zone', 'timestamptz'),
               exists (select from pg_constraint k where k.conrelid = t.oid and k.contype = 'p'
                          and a.attnum = any (k.conkey))
          from pg_class t
          join pg_namespace n on n.oid = t.relnamespace
          join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
         where t.relkind in ('r', 'p') and not t.relispartition
           and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
         order by 1, a.attnum
        """;

    const string ReadReferences = """
        select k.conrelid::regclass::text, k.confrelid::regclass::text, min(a.attname)
          from pg_constraint k
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
         where k.contype = 'f' and k.conparentid = 0
         group by k.oid, 1, 2
         order by 1, 2, 3
        """;
}
