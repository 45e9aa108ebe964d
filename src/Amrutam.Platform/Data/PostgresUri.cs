using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>Reads the address form of a connection string, which libpq and many hosting services use and the driver
/// does not read.</summary>
static partial class PostgresUri
{
    public static bool IsOne(string text) => Form().IsMatch(text);

    /// <param name="text"><c>postgres://user:password@host:port,host:port/database?sslmode=require</c>; each part
    /// is percent-encoded and may be missing.</param>
    /// <exception cref="ArgumentException">A parameter or its value is not known.</exception>
    /// <exception cref="FormatException">It is not such an address.</exception>
    public static NpgsqlConnectionStringBuilder Read(string text)
    {
        if (Whole().Match(text) is not { Success: true } match) throw new FormatException();
        var parts = new NpgsqlConnectionStringBuilder();
        if (Decoded(match.Groups["user"]) is { } user) parts.Username = user;
        if (Decoded(match.Groups["password"]) is { } password) parts.Password = password;
        if (Decoded(match.Groups["database"]) is { } database) parts.Database = database;
        SetHosts(parts, match.Groups["hosts"].Value);
        foreach (var pair in match.Groups["query"].Value.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = pair.Split('=', 2) is [var n, var v]
                ? (n, Uri.UnescapeDataString(v))
                : throw new FormatException();
            parts[DriversName(name)] = name is "sslmode" or "channel_binding"
                ? value.Replace("-", "", StringComparison.Ordinal)
                : value;
        }
        return parts;
    }

    static void SetHosts(NpgsqlConnectionStringBuilder parts, string hosts)
    {
        if (hosts.Length == 0) return;
        // The driver reads a list of hosts with their ports, but not one IPv6 address with a port.
        if (hosts.Contains(',', StringComparison.Ordinal))
        {
            parts.Host = Uri.UnescapeDataString(hosts);
            return;
        }
        var match = OneHost().Match(hosts);
        if (!match.Success) throw new FormatException();
        parts.Host = Uri.UnescapeDataString(match.Groups["host"].Value).Trim('[', ']');
        if (match.Groups["port"].Success)
            parts.Port = int.Parse(match.Groups["port"].ValueSpan, CultureInfo.InvariantCulture);
    }

    static string? Decoded(Group group) => group is { Success: true, Length: > 0 }
        ? Uri.UnescapeDataString(group.Value)
        : null;

    static string DriversName(string name) => name switch
    {
        "host" => "Host",
        "port" => "Port",
        "user" => "Username",
        "password" => "Password",
        "dbname" => "Database",
        "sslmode" => "SSL Mode",
        "sslrootcert" => "Root Certificate",
        "sslcert" => "SSL Certificate",
        "sslkey" => "SSL Key",
        "channel_binding" => "Channel Binding",
        "application_name" => "Application Name",
        "options" => "Options",
        "connect_timeout" => "Timeout",
        "target_session_attrs" => "Target Session Attributes",
        _ => throw new ArgumentException("The parameter is not known.", nameof(name)),
    };

    const RegexOptions Named = RegexOptions.ExplicitCapture;

    [GeneratedRegex("^postgres(ql)?://", Named, matchTimeoutMilliseconds: 100)]
    private static partial Regex Form();

    [GeneratedRegex(@"^postgres(ql)?://((?<user>[^:@/?]*)(:(?<password>[^@/?]*))?@)?(?<hosts>[^/?@]*)"
        + @"(/(?<database>[^/?]*))?(\?(?<query>.*))?$", Named, matchTimeoutMilliseconds: 100)]
    private static partial Regex Whole();

    [GeneratedRegex(@"^(?<host>\[[^\]]+\]|[^:]+)(:(?<port>\d{1,5}))?$", Named, matchTimeoutMilliseconds: 100)]
    private static partial Regex OneHost();
}
