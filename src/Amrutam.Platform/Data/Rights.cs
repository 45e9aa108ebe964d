using Amrutam.Platform.Modules;
using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>Makes the role amrutam_app and its rights good at every start of the owner.</summary>
/// <remarks>
/// A dump contains no roles, and a restore into another cluster may leave out rights. The migrations that granted them
/// are recorded as applied, so nothing else would grant them again. <c>./x approve</c> generates the file rights.sql of
/// a module from the migrated catalogue. The migrations stay the only place where rights are decided.
/// </remarks>
static class Rights
{
    const string File = "/rights.sql";

    /// <summary>A right of amrutam_app or of everybody in a module's schema.</summary>
    /// <param name="Grant">The statement that grants it.</param>
    /// <param name="Revoke">The statement that takes it away.</param>
    public sealed record Right(string Grant, string Revoke);

    /// <summary>Creates the role amrutam_app if the cluster does not have it.</summary>
    /// <exception cref="StartupException">The owner may not create roles.</exception>
    public static async Task CreateRole(NpgsqlConnection owner)
    {
        try
        {
            await owner.Statement(CreateAppRole).Execute();
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new StartupException($"The role {Database.AppRole} does not exist, and the owner may not create it: "
                + $"run \"create role {Database.AppRole}\" as a superuser.", e);
        }
    }

    /// <summary>Grants what is missing and revokes what nobody granted in a migration. Usually it changes nothing, so
    /// that no other replica has to plan its statements again.</summary>
    public static async Task MakeGood(NpgsqlConnection owner, IReadOnlyList<IModule> modules)
    {
        var files = Files(modules);
        var wanted = files.SelectMany(file => file.Grants).ToHashSet(StringComparer.Ordinal);
        await using var transaction = await owner.BeginTransactionAsync();
        var present = await Read(owner, [.. files.Select(file => file.Schema)]);
        var changes = present.Where(right => !wanted.Contains(right.Grant)).Select(right => right.Revoke)
            .Concat(wanted.Except(present.Select(right => right.Grant), StringComparer.Ordinal)).ToList();
        if (changes.Count > 0) await owner.Statement(string.Join(";\n", changes)).Execute();
        await transaction.CommitAsync();
    }

    /// <summary>The rights in the schemas, in a transaction, whose search path this sets.</summary>
    public static async Task<List<Right>> Read(NpgsqlConnection owner, string[] schemas)
    {
        // Names are then written with their schema, whatever search path the owner has.
        await owner.Statement(WriteNamesInFull).Execute();
        return await owner.Statement(ReadRights).With(schemas).List(row => new Right(row.GetString(0),
            row.GetString(1)));
    }

    static List<(string Schema, IEnumerable<string> Grants)> Files(IReadOnlyList<IModule> modules) =>
        [.. modules.Assemblies().SelectMany(assembly => assembly.GetManifestResourceNames()
            .Select(name => (Name: name.Replace('\\', '/'), Stream: name))
            .Where(resource => resource.Name.EndsWith(File, StringComparison.Ordinal))
            .Select(resource =>
            {
                using var text = new StreamReader(assembly.GetManifestResourceStream(resource.Stream)!);
                return (resource.Name[..^File.Length].ToLowerInvariant(), Grants(text.ReadToEnd()));
            }))];

    static IEnumerable<string> Grants(string text) => text.Split('\n', StringSplitOptions.TrimEntries)
        .Where(line => line.Length > 0 && !line.StartsWith("--", StringComparison.Ordinal))
        .Select(line => line.TrimEnd(';'));

    const string WriteNamesInFull = "set local search_path = pg_catalog";

    // Two databases of one cluster may start at once.
    const string CreateAppRole = """
        do $$
        begin
            if not exists (select from pg_roles where rolname = 'amrutam_app') then
                create role amrutam_app nologin;
            end if;
        exception when duplicate_object or unique_violation then
            null;
        end
        $$
        """;

    // Partitions of the event log come and go, and are reached through the log. A right that the catalogue does not
    // record is the type's default: everybody may execute a function.
    const string ReadRights = """
        with objects as (
            select 'schema ' || quote_ident(nspname) as object, null::text as col,
                   coalesce(nspacl, acldefault('n', nspowner)) as acl
              from pg_namespace where nspname = any($1)
            union all
            select case relkind when 'S' then 'sequence ' else 'table ' end || c.oid::regclass, null,
                   coalesce(relacl, acldefault(case relkind when 'S' then 's'::"char" else 'r'::"char" end, relowner))
              from pg_class c
             where relnamespace = any(select oid from pg_namespace where nspname = any($1))
               and relkind in ('r', 'p', 'v', 'm', 'S') and not relispartition
            union all
            select 'table ' || c.oid::regclass, quote_ident(attname), attacl
              from pg_attribute join pg_class c on c.oid = attrelid
             where relnamespace = any(select oid from pg_namespace where nspname = any($1))
               and attacl is not null and not relispartition
            union all
            select 'function ' || p.oid::regprocedure, null, coalesce(proacl, acldefault('f', proowner))
              from pg_proc p where pronamespace = any(select oid from pg_namespace where nspname = any($1))),
        rights as (
            select object, case grantee when 0 then 'public' else grantee::regrole::text end as grantee,
                   lower(privilege_type) || coalesce(' (' || string_agg(col, ', ' order by col) || ')', '') as privilege
              from objects, aclexplode(acl)
             group by object, grantee, privilege_type, col is null),
        written as (
            select '' as start, string_agg(privilege, ', ' order by privilege collate "C") || ' on ' || object as what,
                   grantee
              from rights group by object, grantee
            union all
            select 'alter default privileges in schema ' || quote_ident(nspname) || ' ',
                   string_agg(lower(privilege_type), ', ' order by privilege_type collate "C") || ' on '
                       || case defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
                                             else 'types' end,
                   case grantee when 0 then 'public' else grantee::regrole::text end
              from pg_default_acl join pg_namespace n on n.oid = defaclnamespace, aclexplode(defaclacl)
             where nspname = any($1) and defaclrole = current_user::regrole
             group by nspname, defaclobjtype, grantee)
        select start || 'grant ' || what || ' to ' || grantee, start || 'revoke ' || what || ' from ' || grantee
          from written where grantee in ('public', 'amrutam_app') order by what collate "C", start, grantee
        """;
}
