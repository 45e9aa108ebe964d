using System.Text.RegularExpressions;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Npgsql;

namespace Amrutam.Tests.Tidy.Statements;

/// <summary>Every statement of the product fits the migrated schema, its module's rights and the server's
/// role.</summary>
/// <remarks>PostgreSQL itself judges the rights of a module: the test makes a role with the rights of each module.
/// EXPLAIN checks the rights of every table, view, row lock and function of a statement, and changes nothing.</remarks>
public sealed partial class SqlTests(TestCluster cluster) : IAsyncLifetime
{
    /// <summary>Statements that run as the schema's owner: before the server serves, and when an operator changes the
    /// key-encryption key. The server's role may not replace secrets.</summary>
    static readonly string[] RunByTheOwner = ["Amrutam.Platform.Data.Migrator.", "Amrutam.Platform.Data.Rights.",
        "Amrutam.Platform.Data.SchemaVersion.", "Amrutam.Demo.", "Amrutam.EmbeddedPostgres.NewPostgresCluster.",
        "Amrutam.Audit.Sealing.EncryptedLogKeys."];

    /// <summary>Code that runs SQL which is no constant: migrations and rights are files, and a cluster's first
    /// commands contain names. An export names the tables that the modules declare.</summary>
    static readonly string[] RunsOtherText =
        ["Amrutam.Platform.Data.Migrator", "Amrutam.Platform.Data.Rights",
            "Amrutam.EmbeddedPostgres.NewPostgresCluster", "Amrutam.EmbeddedPostgres.PrivatePostgres",
            "Amrutam.Platform.Transfer.ExportFolder"];

    /// <summary>The composition root, its demo, which fills an empty database, and a library without a
    /// schema.</summary>
    static readonly string[] NoModules = ["", "Demo", "EmbeddedPostgres"];

    Database _database = null!;

    public async ValueTask InitializeAsync() => _database = await cluster.NewDatabase();

    public ValueTask DisposeAsync() => default;

    [Fact]
    public async Task Every_statement_fits_the_migrated_schema()
    {
        SqlConstants.All.ShouldNotBeEmpty();
        await using var connection = await Open();
        var wrong = new List<string>();
        foreach (var statement in SqlConstants.All.Where(s => s.HasPlan))
            if (await Complaint(connection, "prepare tidy as " + statement.Text) is { } complaint) wrong
                .Add($"{statement}: {complaint}");
            else await connection.Statement("deallocate tidy").Execute();
        wrong.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_statement_touches_its_modules_schema_and_the_views_of_others()
    {
        await using var connection = await Open();
        await connection.Statement(SetModules).With(string.Join(' ', Modules())).Value<string>();
        await connection.Statement(GrantEachModuleItsOwn).Execute();
        (await Refused(connection, s => "tidy_" + s.Module.ToLowerInvariant(), s => !NoModules.Contains(s.Module)))
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task The_serving_role_may_run_every_statement()
    {
        await using var connection = await Open();
        (await Refused(connection, _ => Database.AppRole,
            s => !RunByTheOwner.Any(owner => s.Name.StartsWith(owner, StringComparison.Ordinal)))).ShouldBeEmpty();
    }

    // PostgreSQL's data about zones are of another year than the server's, so it converts only with a constant zone.
    [Fact]
    public async Task No_statement_and_nothing_in_the_schema_converts_with_a_doctors_zone()
    {
        var schema = await File.ReadAllTextAsync(Path.Combine(Tree.Root, "docs", "schema.sql"));
        SqlConstants.All.Select(s => (Name: s.Name, s.Text)).Append((Name: "docs/schema.sql", Text: schema))
            .SelectMany(s => WithAVariableZone().Matches(s.Text).Select(found => $"{s.Name}: {found.Value}"))
            .ShouldBeEmpty();
        WithAVariableZone().IsMatch("(starts_at at time zone d.time_zone)").ShouldBeTrue();
    }

    [GeneratedRegex(@"(\bat\s+time\s+zone\s+(?!')|\btimezone\s*\().{0,40}",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex WithAVariableZone();

    [Fact]
    public void A_statement_without_a_plan_names_no_other_modules_schema()
    {
        var statements = SqlConstants.All.Where(s => !s.HasPlan).ToList();
        statements.ShouldNotBeEmpty();
        statements.SelectMany(s => Product.Modules.Where(m => m.Module.Name != s.Module).Select(m => m.Module.Schema)
                .Where(schema => schema is not null && s.Text.Contains(schema + ".", StringComparison.Ordinal))
                .Select(schema => $"{s} names {schema}"))
            .ShouldBeEmpty();
    }

    // Their callers pass constants, which are checked at the caller.
    static readonly string[] RunsWhatModulesGive = ["Amrutam.Platform.Invariants.SweepInvariants",
        "Amrutam.Platform.Data.NotificationListener"];

    [Fact]
    public void Only_constants_are_run_as_SQL()
    {
        var known = SqlConstants.All.Select(s => s.Text).ToHashSet(StringComparer.Ordinal);
        var calls = Calls().ToList();
        calls.ShouldNotBeEmpty("the assembly was not read");
        calls.Where(call => !RunsWhatModulesGive.Contains(call.Type, StringComparer.Ordinal))
            .Where(call => call.Texts.Count == 0 || !call.Texts.All(known.Contains))
            .Select(call => $"{call.Type} runs {string.Join(" or ", call.Texts.DefaultIfEmpty("what it computed"))}")
            .ShouldBeEmpty();
    }

    static IEnumerable<string> Modules() => Product.Modules.Select(m => m.Module.Name.ToLowerInvariant());

    /// <summary>Each call that takes SQL, with the literals that it may get; none if the text is no literal.</summary>
    static IEnumerable<(string Type, IReadOnlyList<string> Texts)> Calls()
    {
        foreach (var type in Product.Assemblies.SelectMany(a => AssemblyDefinition.ReadAssembly(a.Location)
            .MainModule.GetTypes()))
        {
            var outer = type;
            while (outer.DeclaringType is not null) outer = outer.DeclaringType;
            if (outer.FullName is "Amrutam.Platform.Data.Sql" or "Amrutam.Platform.Data.Statement") continue;
            if (RunsOtherText.Contains(outer.FullName)) continue;
            foreach (var instruction in type.Methods.Where(m => m.HasBody).SelectMany(m => m.Body.Instructions))
                if (instruction.Operand is MethodReference called && TakesSql(called))
                    yield return (outer.FullName, [.. Literals(instruction.Previous, outer)]);
        }
    }

    /// <summary>The literal itself, or the literals that a method of the same type returns.</summary>
    static IEnumerable<string> Literals(Instruction given, TypeDefinition type) => given switch
    {
        { Operand: string text } => [text],
        { Operand: MethodDefinition { ReturnType.Name: "String" } chooser } when chooser.DeclaringType == type =>
            chooser.Body.Instructions.Select(i => i.Operand).OfType<string>(),
        _ => [],
    };

    static bool TakesSql(MethodReference called) =>
        called is { DeclaringType.FullName: "Amrutam.Platform.Data.Sql", Name: "Statement" }
        || (called.DeclaringType.Namespace == "Npgsql" && called.Name is "CreateCommand" or ".ctor"
            && called.DeclaringType.Name is
            "NpgsqlCommand" or "NpgsqlBatchCommand" or "NpgsqlDataSource" && called.Parameters
                .Any(p => p.ParameterType.Name == "String"));

    async Task<List<string>> Refused(NpgsqlConnection connection, Func<SqlConstant, string> role, Func<SqlConstant,
        bool> which)
    {
        var refused = new List<string>();
        var statements = SqlConstants.All.Where(s => s.HasPlan && which(s)).ToList();
        statements.Count.ShouldBeGreaterThan(100);
        foreach (var statement in statements)
        {
            if (await Complaint(connection, "prepare tidy as " + statement.Text) is not null) continue;
            var nulls = await connection.Statement(Nulls).Value<string>();
            await connection.Statement("set role " + role(statement)).Execute();
            var complaint = await Complaint(connection, $"explain execute tidy {nulls}");
            await connection.Statement("reset role; deallocate tidy").Execute();
            if (complaint is not null) refused.Add($"{statement}: {complaint}");
        }
        return refused;
    }

    static async Task<string?> Complaint(NpgsqlConnection connection, string sql)
    {
        try
        {
            await connection.Statement(sql).Execute();
            return null;
        }
        catch (PostgresException e)
        {
            return e.MessageText;
        }
    }

    async Task<NpgsqlConnection> Open()
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_database.Owner)
        {
            Pooling = false
        }.ConnectionString);
        await connection.OpenAsync();
        // A generic plan has no values, so no null removes a table before its rights are checked.
        await connection.Statement("set plan_cache_mode = force_generic_plan").Execute();
        return connection;
    }

    internal const string Nulls = """
        select case when cardinality(parameter_types) = 0 then ''
               else '(' || (select string_agg('null::' || t, ', ' order by n)
                    from unnest(parameter_types) with ordinality as u(t, n)) || ')' end
          from pg_prepared_statements where name = 'tidy'
        """;

    const string SetModules = "select set_config('tidy.modules', $1, false)";

    // A module may use its own schema, the views of others and functions that return a view's rows. PostgreSQL asks the
    // reader of a view for the right to the functions in it, so those are granted too. A module may append events and
    // store responses under idempotency keys, which Platform keeps for all modules.
    const string GrantEachModuleItsOwn = """
        do $$
        declare
            module text;
            own text;
            published text;
        begin
            foreach module in array string_to_array(current_setting('tidy.modules'), ' ') loop
                own := 'tidy_' || module;
                if to_regrole(own) is null then execute format('create role %I', own); end if;
                for published in select nspname from pg_namespace where nspname !~ '^pg_|^information_schema$' loop
                    execute format('grant usage on schema %I to %I', published, own);
                    if published <> 'public' then execute format('revoke execute on all functions in schema %I
                         from public', published); end if;
                end loop;
                for published in select oid::regclass::text from pg_class
                     where relkind = 'v' and relnamespace::regnamespace::text !~ '^pg_|^information_schema$' loop
                    execute format('grant select on %s to %I', published, own);
                end loop;
                if to_regnamespace(module) is not null then
                    execute format('grant all on all tables in schema %I to %I', module, own);
                    execute format('grant all on all sequences in schema %I to %I', module, own);
                    execute format('grant execute on all functions in schema %I to %I', module, own);
                end if;
                for published in select p.oid::regprocedure::text from pg_proc p
                     join pg_class v on v.reltype = p.prorettype where v.relkind = 'v' loop
                    execute format('grant execute on function %s to %I', published, own);
                end loop;
                for published in with recursive called as (
                        select d.refobjid as id from pg_depend d
                         where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_proc'::regclass
                        union
                        select d.refobjid from pg_depend d join called c on d.objid = c.id
                         where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_proc'::regclass)
                     select id::regprocedure::text from called loop
                    execute format('grant execute on function %s to %I', published, own);
                end loop;
                execute format('grant insert on audit.events to %I', own);
                execute format('grant select, insert, update, delete on platform.idempotency_keys to %I', own);
                execute format('grant execute on function platform.stored_response to %I', own);
                execute format('grant execute on function patients.age, patients.held_by,
                     patients.held_alone_by, patients.holds, patients.refusal_to_book_for to %I', own);
            end loop;
            -- Platform reads the log for every reader.
            grant select on audit.events to tidy_platform;
        end $$
        """;
}
