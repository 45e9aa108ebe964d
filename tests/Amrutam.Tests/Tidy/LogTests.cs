using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Amrutam.Platform.Operations;
using Amrutam.Tests.Support;
using Microsoft.Extensions.Logging;
using Mono.Cecil;

namespace Amrutam.Tests.Tidy;

/// <summary>Log lines contain their values, and events name their actor and their trace.</summary>
public sealed partial class LogTests
{
    // Every line has it from the present span. In a template it serves human readers.
    const string OfEveryLine = "trace_id";

    // A released migration is not edited. A later one replaced the function with one that stores the trace.
    static readonly string[] Superseded = ["src/Amrutam/Audit/Migrations/0531_retired_events.sql"];

    [Fact]
    public void Each_value_of_a_message_reaches_the_log_under_its_name()
    {
        var messages = Messages().ToList();
        messages.Count.ShouldBeGreaterThan(10);
        messages.SelectMany(m => Placeholder().Matches(m.Text).Select(found => (m.Where,
                Name: JsonNamingPolicy.SnakeCaseLower.ConvertName(found.Value))))
            .Where(value => value.Name != OfEveryLine && !JsonLog.Fields.Contains(value.Name))
            .Select(value => $"{value.Where}: {value.Name}").ShouldBeEmpty();
    }

    /// <summary>Other methods take any values, and no test reads their templates.</summary>
    [Fact]
    public void Every_line_is_written_by_a_generated_method()
    {
        Product.Assemblies.SelectMany(a => AssemblyDefinition.ReadAssembly(a.Location).MainModule.GetTypes())
            .SelectMany(type => type.Methods).Where(method => method.HasBody)
            .Where(method => method.Body.Instructions.Any(i => i.Operand is MethodReference
            {
                DeclaringType.FullName: "Microsoft.Extensions.Logging.LoggerExtensions"
            } called && called.Name.StartsWith("Log", StringComparison.Ordinal)))
            .Select(method => method.FullName).ShouldBeEmpty();
    }

    [Fact]
    public void Every_event_names_its_actor_and_its_trace()
    {
        var appends = Tree.Files.Where(f => f.StartsWith("src/", StringComparison.Ordinal)).Except(Superseded)
            .SelectMany(file => Append().Matches(File.ReadAllText(Tree.Path(file)))
                .Select(found => (file, Columns: found.Groups["columns"].Value))).ToList();
        appends.Count.ShouldBeGreaterThan(40);
        appends.Where(a => !a.Columns.Contains("actor_role", StringComparison.Ordinal)
            || !a.Columns.Contains("trace_id", StringComparison.Ordinal))
            .Select(a => $"{a.file}: ({a.Columns})").ShouldBeEmpty();
    }

    internal static IEnumerable<(string Where, string Text)> Messages() => Product.Types
        .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public
            | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Select(method => (method, Message: method.GetCustomAttribute<LoggerMessageAttribute>()))
        .Where(m => m.Message is not null)
        .Select(m => ($"{m.method.DeclaringType!.Name}.{m.method.Name}", m.Message!.Message));

    [GeneratedRegex(@"(?<=\{)\w+(?=[,:}])", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"insert into audit\.events\s*(\((?<columns>[^)]*)\))?", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Append();
}
