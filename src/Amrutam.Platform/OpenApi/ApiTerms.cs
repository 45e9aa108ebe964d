using System.Collections.Frozen;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Modules;

namespace Amrutam.Platform.OpenApi;

/// <summary>The words of a module's part of the API: tags, fields, extension members.</summary>
sealed record ApiTerms
{
    public static readonly ApiTerms None = new();

    /// <summary>The tags, by their names.</summary>
    public IReadOnlyDictionary<string, ApiTag> Tags { get; init; } = FrozenDictionary<string, ApiTag>.Empty;

    /// <summary>The example of <c>{id}</c>, by the start of the path (<c>/api/bookings/{id}</c>). The demo has a thing
    /// with this id.</summary>
    public IReadOnlyDictionary<string, Guid> ExampleIds { get; init; } = FrozenDictionary<string, Guid>.Empty;

    /// <summary>Members of bodies and parameters. The key is a name on the wire, or for one owner
    /// <c>Schema.member</c> or <c>operationId.parameter</c>.</summary>
    public IReadOnlyDictionary<string, Field> Fields { get; init; } = FrozenDictionary<string, Field>.Empty;

    /// <summary>Members that a handler adds to a schema of another type.</summary>
    public IReadOnlyList<ExtensionMember> Extensions { get; init; } = [];

    /// <summary>Problems that the module's middleware answers with on routes of every module.</summary>
    public IReadOnlyList<ImpliedProblem> Implied { get; init; } = [];

    /// <summary>The terms of the platform and of the modules as one.</summary>
    /// <exception cref="ArgumentException">Two modules define one name differently.</exception>
    public static ApiTerms Of(IEnumerable<IModule> modules)
    {
        var all = modules.Select(module => module.Terms).Prepend(CommonTerms.All).ToList();
        return new()
        {
            Tags = all.SelectMany(t => t.Tags).Distinct().ToFrozenDictionary(StringComparer.Ordinal),
            Fields = all.SelectMany(t => t.Fields).Distinct().ToFrozenDictionary(StringComparer.Ordinal),
            ExampleIds = all.SelectMany(t => t.ExampleIds).ToFrozenDictionary(StringComparer.Ordinal),
            Extensions = [.. all.SelectMany(t => t.Extensions)],
            Implied = [.. all.SelectMany(t => t.Implied)],
        };
    }

    /// <summary>The example of <c>{id}</c> on the path; null when it has none of its own.</summary>
    public Guid? ExampleIdOf(string path) => ExampleIds
        .Where(id => path.StartsWith(id.Key, StringComparison.Ordinal)).Select(id => (Guid?)id.Value).FirstOrDefault();

    /// <summary>Finds the field as this owner has it. Facts that only the plain name has count too.</summary>
    public Field? Find(string owner, string name)
    {
        var (own, common) = (Fields.GetValueOrDefault($"{owner}.{name}"), Fields.GetValueOrDefault(name));
        return own is null || common is null ? own ?? common
            : own with { Description = own.Description ?? common.Description, Example = own.Example ?? common.Example };
    }
}

/// <summary>A group of operations.</summary>
/// <param name="Place">Its place in the order in which a first visitor meets the groups.</param>
sealed record ApiTag(int Place, string Description);

/// <summary>A member of a body, or a parameter, as OpenAPI describes it.</summary>
/// <param name="Description">A sentence; null when the plain name has it.</param>
/// <param name="Example">A text or a number.</param>
sealed record Field(string? Description = null, object? Example = null)
{
    /// <summary>All values that it can have, when they are a closed set of words.</summary>
    public IReadOnlyList<string>? Words { get; init; }

    public int? Minimum { get; init; }

    public int? Maximum { get; init; }

    public int? MinLength { get; init; }

    public int? MaxLength { get; init; }

    /// <summary>The largest number of items.</summary>
    public int? MaxItems { get; init; }

    /// <summary>The value that counts when none is given.</summary>
    public object? Default { get; init; }

    public string? Format { get; init; }
}

/// <summary>A member that a handler adds to a response besides the members of its type.</summary>
/// <param name="Schema">The name of the schema that gets the member.</param>
/// <param name="Type">The member's type, or that of its items.</param>
/// <param name="IsList">True for a list of <paramref name="Type"/>.</param>
sealed record ExtensionMember(string Schema, string Name, string Description, Type Type, bool IsList = false);

/// <summary>A problem of each route whose metadata meet the condition.</summary>
sealed record ImpliedProblem(Problem Problem, Func<IList<object>, bool> IsOf);

/// <summary>The name of a record's schema in OpenAPI, if the names of its feature and type do not make a good
/// one.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
sealed class SchemaNameAttribute(string name) : Attribute
{
    public string Name => name;
}
