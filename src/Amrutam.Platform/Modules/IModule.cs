using System.Reflection;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Platform.Modules;

/// <summary>A part of the product: a folder, a namespace and, if it keeps data, a database schema.</summary>
interface IModule
{
    /// <summary>The name of its folder and namespace.</summary>
    string Name { get; }

    /// <summary>The tags and fields of its routes, for the API's description.</summary>
    ApiTerms Terms => ApiTerms.None;

    /// <summary>Its database schema; null if it keeps no data.</summary>
    string? Schema => Name.ToLowerInvariant();

    /// <summary>True if no module but the portal uses its contracts.</summary>
    bool IsLeaf => false;

    /// <summary>Declares settings, services, jobs, event readers, invariants, tables and personal data.</summary>
    void Add(ModuleBuilder module);

    /// <summary>Adds middleware that runs before every other.</summary>
    void UseFirst(WebApplication app)
    {
    }

    /// <summary>Adds middleware, after routing and before the checks of requests.</summary>
    void Use(WebApplication app)
    {
    }

    /// <summary>Adds middleware, after the checks of requests and right before the routes.</summary>
    void UseLast(WebApplication app)
    {
    }

    /// <summary>Maps its routes.</summary>
    void Map(IEndpointRouteBuilder routes)
    {
    }
}

static class ModuleAssemblies
{
    /// <summary>The assembly of the platform and those of the modules, each once. They contain the migrations and the
    /// problems.</summary>
    public static IEnumerable<Assembly> Assemblies(this IEnumerable<IModule> modules) =>
        modules.Select(module => module.GetType().Assembly).Prepend(typeof(IModule).Assembly).Distinct();
}
