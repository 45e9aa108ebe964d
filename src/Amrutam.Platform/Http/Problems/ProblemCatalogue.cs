using System.Collections.Frozen;
using System.Reflection;
using Amrutam.Platform.Modules;

namespace Amrutam.Platform.Http.Problems;

/// <summary>Every problem of the platform and of the modules, by its code.</summary>
/// <remarks>The static fields of the assemblies are read, so that no declared problem can stay undocumented.</remarks>
sealed class ProblemCatalogue(IEnumerable<IModule> modules)
{
    public FrozenDictionary<string, Problem> All { get; } = modules.Assemblies().SelectMany(a => a.GetTypes())
        .SelectMany(type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
        .Where(field => field.FieldType == typeof(Problem) && !field.DeclaringType!.ContainsGenericParameters)
        .Select(field => (Problem)field.GetValue(null)!)
        .GroupBy(problem => problem.Code, StringComparer.Ordinal)
        .ToFrozenDictionary(same => same.Key, same => same.First(), StringComparer.Ordinal);
}
