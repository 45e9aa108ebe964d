using System.Text.Json;
using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Tests.Tidy.Statements;

/// <summary>PostgreSQL's plan of a statement, and its nodes.</summary>
static class Plans
{
    /// <param name="values">The values of the statement; null for nulls, which a generic plan ignores.</param>
    public static async Task<JsonElement> Explain(NpgsqlConnection connection, string sql, string? values)
    {
        try
        {
            await connection.Statement("prepare tidy as " + sql).Execute();
            values ??= await connection.Statement(SqlTests.Nulls).Value<string>();
            var plan = await connection
                .Statement($"explain (verbose, format json) execute tidy {values}").Value<string>();
            return JsonDocument.Parse(plan!).RootElement[0].GetProperty("Plan");
        }
        finally
        {
            await connection.Statement("deallocate all").Execute();
        }
    }

    public static IEnumerable<JsonElement> Nodes(JsonElement node) =>
        [node, .. node.TryGetProperty("Plans", out var below) ? below.EnumerateArray().SelectMany(Nodes) : []];

    public static string? Text(JsonElement node, string name) =>
        node.TryGetProperty(name, out var value) ? value.GetString() : null;
}
