using System.Collections.Frozen;
using System.Reflection;
using Amrutam.EmbeddedPostgres;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Modules;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Support;

/// <summary>The product's own assemblies, modules and problems, for the tests of the tree.</summary>
static class Product
{
    public static IReadOnlyList<Assembly> Assemblies { get; } =
        [.. Program.Modules.Assemblies(), typeof(PrivatePostgres).Assembly];

    /// <summary>The services of a server that is built and not started, so that it queries no database.</summary>
    public static IServiceProvider Services { get; } =
        Program.Build(["--Logging:LogLevel:Default=Warning"], new Database("Host=none", "Host=none")).Services;

    /// <summary>The platform and the modules, each with its declarations.</summary>
    public static IReadOnlyList<DeclaredModule> Modules { get; } =
        Services.GetRequiredService<IReadOnlyList<DeclaredModule>>();

    public static IReadOnlyList<Table> Tables { get; } = [.. Modules.SelectMany(m => m.Tables)];

    public static IEnumerable<Type> Types => Assemblies.SelectMany(assembly => assembly.GetTypes());

    public static FrozenDictionary<string, Problem> Problems { get; } = new ProblemCatalogue(Program.Modules).All;

    /// <summary>The module of a namespace or of a type's full name. It is empty for the composition root and for
    /// EmbeddedPostgres.</summary>
    public static string ModuleOf(string? name) =>
        name?.Split('.') is ["Amrutam", var module, ..] && Modules.Any(m => m.Module.Name == module) ? module : "";
}
