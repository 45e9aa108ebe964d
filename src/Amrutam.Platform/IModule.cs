using System.Reflection;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Platform;

/// <summary>A part of the product: a folder, a namespace and, if it keeps data, a database schema.</summary>
interface IModule
{
    /// <summary>The name of its folder and namespace; in lower case, that of its schema.</summary>
    string Name { get; }

    /// <summary>The tags and fields of its routes, for the API's description.</summary>
    ApiTerms Terms => ApiTerms.None;

    /// <summary>Registers settings, services, jobs, event readers, invariants and personal data.</summary>
    void Add(WebApplicationBuilder builder);

    /// <summary>Adds middleware that runs before every other.</summary>
    void UseFirst(WebApplication app)
    {
    }

    /// <summary>Adds middleware, after routing and before the checks of requests.</summary>
    void Use(WebApplication app)
    {
    }

    /// <summary>Maps its routes.</summary>
    void Map(WebApplication app)
    {
    }
}

static class Modules
{
    /// <summary>The platform's own assembly and those of the modules: where migrations and problems are
    /// found.</summary>
    public static IEnumerable<Assembly> Assemblies(this IEnumerable<IModule> modules) =>
        modules.Select(module => module.GetType().Assembly).Prepend(typeof(IModule).Assembly).Distinct();
}
