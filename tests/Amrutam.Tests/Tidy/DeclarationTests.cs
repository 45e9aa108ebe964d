using System.Reflection;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Invariants;
using Amrutam.Platform.Jobs;
using Amrutam.Platform.Modules;
using Amrutam.Platform.Privacy;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Tidy;

/// <summary>The modules' declarations against the code and against the catalogue of the migrated database.</summary>
public sealed class DeclarationTests(TestCluster cluster) : IAsyncLifetime
{
    Database _database = null!;

    public async ValueTask InitializeAsync() => _database = await cluster.NewDatabase();

    public ValueTask DisposeAsync() => default;

    [Fact]
    public async Task A_schema_belongs_to_a_module()
    {
        var schemas = await Read("""
            select nspname::text from pg_namespace where nspname !~ '^(pg_|information_schema$|public$)' order by 1
            """);
        schemas.ShouldBe(Product.Modules.Select(m => m.Module.Schema).OfType<string>().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_table_is_declared_by_the_module_of_its_schema()
    {
        var tables = await Read("""
            select c.oid::regclass::text from pg_class c
             where c.relkind in ('r', 'p') and not c.relispartition
               and c.relnamespace::regnamespace::text !~ '^(pg_|information_schema$|public$)'
            """);
        Product.Tables.Select(t => t.Name).Order(StringComparer.Ordinal).ShouldBe(tables.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_table_is_exported_or_has_a_reason_why_not() =>
        Product.Tables.Where(t => t.ExportedAs is null == t.NotExported is null).Select(t => t.Name).ShouldBeEmpty();

    [Fact]
    public void A_module_with_exported_tables_declares_its_personal_data() =>
        Product.Modules.Where(m => m.Tables.Any(t => t.ExportedAs is not null) && m.PersonalData.Count == 0)
            .Select(m => m.Module.Name).ShouldBeEmpty();

    [Fact]
    public async Task A_table_with_encrypted_secrets_is_declared()
    {
        var tables = await Read("""
            select attrelid::regclass::text from pg_attribute a join pg_class c on c.oid = a.attrelid
             where a.attname = 'sealed' and c.relkind in ('r', 'p')
            """);
        tables.ShouldNotBeEmpty();
        tables.Except(Product.Modules.SelectMany(m => m.EncryptedSecrets)
            .Select(type => ((IEncryptedSecrets)Activator.CreateInstance(type)!).Table)).ShouldBeEmpty();
    }

    [Fact]
    public void A_job_a_reader_and_personal_data_are_declared_by_their_own_module()
    {
        Undeclared(typeof(IJob), m => m.Jobs).ShouldBeEmpty();
        Undeclared(typeof(IReadEvents), m => m.EventReaders).ShouldBeEmpty();
        Undeclared(typeof(IPersonalData), m => m.PersonalData).ShouldBeEmpty();
        Undeclared(typeof(IEncryptedSecrets), m => m.EncryptedSecrets).ShouldBeEmpty();
    }

    [Fact]
    public void An_invariant_is_declared()
    {
        var lists = Product.Types.Where(type => !type.ContainsGenericParameters)
            .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(field => typeof(IEnumerable<Invariant>).IsAssignableFrom(field.FieldType)).ToList();
        lists.ShouldNotBeEmpty();
        lists.SelectMany(list => (IEnumerable<Invariant>)list.GetValue(null)!)
            .Except(Product.Modules.SelectMany(m => m.Invariants)).Select(i => i.Name).ShouldBeEmpty();
    }

    [Fact]
    public void A_module_is_in_the_namespace_of_its_name() =>
        Product.Modules.Where(m => m.Module is not PlatformModule
            && m.Module.GetType().Namespace != "Amrutam." + m.Module.Name).Select(m => m.Module.Name).ShouldBeEmpty();

    static IEnumerable<string> Undeclared(Type kind, Func<DeclaredModule, List<Type>> declared)
    {
        var types = Product.Types.Where(type => type is { IsClass: true, IsAbstract: false }
            && kind.IsAssignableFrom(type)).ToList();
        types.ShouldNotBeEmpty(kind.Name);
        return types.Where(type => !Product.Modules.Any(m =>
            m.Module.Name == Product.ModuleOf(type.Namespace) && declared(m).Contains(type))).Select(type => type.Name);
    }

    async Task<List<string>> Read(string sql)
    {
        await using var owner = Database.OpenUnpooled(_database.Owner, "tests");
        return await owner.Statement(sql).List(row => row.GetString(0));
    }
}
