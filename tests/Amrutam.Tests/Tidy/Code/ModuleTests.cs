using System.Text.RegularExpressions;
using Amrutam.Tests.Support;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Amrutam.Tests.Tidy.Code;

/// <summary>The permitted references between modules, in the compiled assembly. Usings cover references that the
/// compiler removes, such as constants and nameof.</summary>
public sealed partial class ModuleTests
{
    const string Root = "";
    const string Platform = "Platform";
    const string EmbeddedPostgres = "EmbeddedPostgres";
    const string Portal = "Portal";
    const string Contracts = "Contracts";

    /// <summary>Modules that no other module uses, except the pages, which show data of all modules.</summary>
    static readonly string[] Leaves =
        [.. Product.Modules.Where(m => m.Module.IsLeaf).Select(m => m.Module.Name)];

    /// <summary>Packages of one module each, so that their use stays in one place.</summary>
    static readonly (string Namespace, string Module)[] Reserved = [
        ("Microsoft.EntityFrameworkCore", "Identity"),
        ("Npgsql.EntityFrameworkCore", "Identity"),
        ("Microsoft.AspNetCore.Identity", "Identity"),
    ];

    internal static readonly IReadOnlyList<(string From, string FromModule, string To)> Uses = [.. ReadUses()];

    [Fact]
    public void A_module_uses_itself_Platform_and_the_contracts_of_others()
    {
        var modules = Uses.Select(u => u.FromModule).ToHashSet(StringComparer.Ordinal);
        modules.ShouldContain(Platform);
        modules.Count.ShouldBeGreaterThan(2, "the assembly was not read");
        Wrong(u => Module(u.To) is { } to && !MayUse(u.FromModule, u.To, to)).ShouldBeEmpty();
    }

    [Fact]
    public void Usings_keep_the_same_rule()
    {
        var usings = Tree.Files.Where(f => f.StartsWith("src/", StringComparison.Ordinal)
            && f.EndsWith(".cs", StringComparison.Ordinal))
            .SelectMany(file =>
                Using().Matches(File.ReadAllText(Tree.Path(file))).Select(m => (file, Used: m.Groups[1].Value)))
            .ToList();
        usings.Count.ShouldBeGreaterThan(500);
        usings.Where(use => !MayUse(ModuleOfFile(use.file), use.Used + ".", Module(use.Used + ".")!))
            .Select(use => $"{use.file} uses {use.Used}")
            .ShouldBeEmpty();
    }

    [Fact]
    public void Entity_Framework_and_ASP_NET_Core_Identity_stay_in_Identity() =>
        Wrong(u => Reserved.Any(r => u.To.StartsWith(r.Namespace, StringComparison.Ordinal)
            && u.FromModule != r.Module)).ShouldBeEmpty();

    [Fact]
    public void The_portal_has_no_SQL() =>
        Wrong(u => u.FromModule == Portal
            && (u.To.StartsWith("Npgsql.", StringComparison.Ordinal) || u.To is "Amrutam.Platform.Data.Sql"
                or "Amrutam.Platform.Data.Statement"))
            .ShouldBeEmpty();

    /// <summary>The composition root may use everything. EmbeddedPostgres and Platform use themselves only.</summary>
    static bool MayUse(string from, string to, string toModule) =>
        from == Root || toModule == from
        || (from != EmbeddedPostgres && toModule == Platform)
        || (from is not (Platform or EmbeddedPostgres) && (from == Portal || !Leaves.Contains(toModule))
            && to.StartsWith($"Amrutam.{toModule}.{Contracts}.", StringComparison.Ordinal));

    static IEnumerable<string> Wrong(Func<(string From, string FromModule, string To), bool> wrong) =>
        Uses.Where(wrong).Select(u => $"{u.From} uses {u.To}").Distinct(StringComparer.Ordinal);

    /// <summary>The module of one of the product's types; null for types of others.</summary>
    static string? Module(string type) =>
        type.StartsWith("Amrutam.EmbeddedPostgres.", StringComparison.Ordinal) ? EmbeddedPostgres
        : type == "Amrutam" || type.StartsWith("Amrutam.", StringComparison.Ordinal) ? Product.ModuleOf(type) : null;

    /// <summary>The module of a file by its folder, which is the file's namespace by FolderTests.</summary>
    static string ModuleOfFile(string file) =>
        Module(string.Join('.', file.Split('/')[1..^1]) + ".")!;

    static IEnumerable<(string From, string FromModule, string To)> ReadUses()
    {
        foreach (var type in Product.Assemblies.SelectMany(a => AssemblyDefinition.ReadAssembly(a.Location)
            .MainModule.GetTypes()))
        {
            var outer = type;
            while (outer.DeclaringType is not null) outer = outer.DeclaringType;
            if (Module(outer.FullName) is not { } module || IsGenerated(outer)) continue;
            foreach (var used in UsedBy(type).SelectMany(Parts).Select(Outermost).Distinct(StringComparer.Ordinal))
                yield return (outer.FullName, module, used);
        }
    }

    /// <summary>The OpenAPI package generates types outside our namespaces. They belong to no module.</summary>
    static bool IsGenerated(TypeDefinition type) =>
        type.CustomAttributes.Any(a => a.AttributeType.Name is "GeneratedCodeAttribute" or "EmbeddedAttribute");

    static IEnumerable<TypeReference> UsedBy(TypeDefinition type) =>
    [
        .. new[] { type.BaseType },
        .. type.Interfaces.Select(i => i.InterfaceType),
        .. type.CustomAttributes.SelectMany(Used),
        .. type.Fields.Select(f => f.FieldType),
        .. type.Properties.SelectMany(p => p.CustomAttributes.SelectMany(Used)),
        .. type.GenericParameters.SelectMany(g => g.Constraints.Select(c => c.ConstraintType)),
        .. type.Methods.SelectMany(UsedBy),
    ];

    static IEnumerable<TypeReference> UsedBy(MethodDefinition method) =>
    [
        method.ReturnType,
        .. method.Parameters.Select(p => p.ParameterType),
        .. method.CustomAttributes.SelectMany(Used),
        .. method.HasBody ? method.Body.Variables.Select(v => v.VariableType) : [],
        .. method.HasBody ? method.Body.Instructions.SelectMany(UsedBy) : [],
    ];

    static IEnumerable<TypeReference> UsedBy(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => [type],
        FieldReference field => [field.DeclaringType, field.FieldType],
        GenericInstanceMethod method => [method.DeclaringType, method.ReturnType, .. method.GenericArguments],
        MethodReference method =>
            [method.DeclaringType, method.ReturnType, .. method.Parameters.Select(p => p.ParameterType)],
        _ => [],
    };

    static IEnumerable<TypeReference> Used(CustomAttribute attribute) =>
        [attribute.AttributeType, .. attribute.ConstructorArguments.Select(a => a.Value).OfType<TypeReference>()];

    static IEnumerable<TypeReference> Parts(TypeReference? type) => type switch
    {
        null => [],
        GenericInstanceType generic => [generic.ElementType, .. generic.GenericArguments.SelectMany(Parts)],
        TypeSpecification special => Parts(special.ElementType),
        _ => [type],
    };

    static string Outermost(TypeReference type)
    {
        while (type.DeclaringType is not null) type = type.DeclaringType;
        return type.FullName;
    }

    [GeneratedRegex(@"^using (?:static )?(Amrutam\.[\w.]+);", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Using();
}
