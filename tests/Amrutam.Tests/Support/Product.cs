using System.Collections.Frozen;
using System.Reflection;
using Amrutam.EmbeddedPostgres;
using Amrutam.Platform;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;

namespace Amrutam.Tests.Support;

/// <summary>The product's own assemblies and problems, as the tests of the tree look at them.</summary>
static class Product
{
    public static IReadOnlyList<Assembly> Assemblies { get; } =
        [.. Program.Modules.Assemblies(), typeof(PrivatePostgres).Assembly];

    /// <summary>The services of a server that is built and not started, so that it asks no database.</summary>
    public static IServiceProvider Services { get; } =
        Program.Build(["--Logging:LogLevel:Default=Warning"], new Database("Host=none", "Host=none")).Services;

    public static IEnumerable<Type> Types => Assemblies.SelectMany(assembly => assembly.GetTypes());

    public static FrozenDictionary<string, Problem> Problems { get; } = new ProblemCatalogue(Program.Modules).All;
}
