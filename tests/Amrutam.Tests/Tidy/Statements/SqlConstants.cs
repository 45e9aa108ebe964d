using System.Reflection;
using System.Text.RegularExpressions;
using Amrutam.Tests.Support;

namespace Amrutam.Tests.Tidy.Statements;

/// <summary>A statement of the product: its name, its module and its text.</summary>
sealed record SqlConstant(string Name, string Module, string Text)
{
    /// <summary>True for statements that PostgreSQL plans. Others are commands such as LISTEN and CREATE.</summary>
    public bool HasPlan => SqlConstants.HasPlan(Text);

    public override string ToString() => Name;
}

/// <summary>Every constant of the product whose text is SQL.</summary>
static partial class SqlConstants
{
    public static IReadOnlyList<SqlConstant> All { get; } =
        [.. Product.Types.SelectMany(Of).OrderBy(c => c.Name, StringComparer.Ordinal)];

    public static bool IsSql(string text) => Verb().IsMatch(text);

    public static bool HasPlan(string text) => PlannedVerb().IsMatch(text);

    static IEnumerable<SqlConstant> Of(Type type) => type
        .GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        .Where(field => field.IsLiteral && field.FieldType == typeof(string))
        .Select(field => (field.Name, Text: (string)field.GetRawConstantValue()!))
        .Where(constant => IsSql(constant.Text))
        .Select(constant => new SqlConstant($"{type.FullName}.{constant.Name}", Product.ModuleOf(type.Namespace),
            constant.Text));

    // Lower case like all SQL of the product, then a space. Titles and sentences begin with a capital.
    [GeneratedRegex(
        @"^\s*(select|with|insert|update|delete|merge|values|truncate|lock|create|alter|drop|grant|listen|set"
            + @"|do(?=\s\$))\s",
        RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Verb();

    [GeneratedRegex(@"^\s*(select|with|insert|update|delete|merge|values)\s", RegexOptions.None,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex PlannedVerb();
}
