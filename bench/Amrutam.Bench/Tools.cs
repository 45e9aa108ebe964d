using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Amrutam.Bench;

/// <summary>The result of one run of a load program.</summary>
/// <param name="PerSecond">Successful requests per second.</param>
/// <param name="P50">Milliseconds.</param>
/// <param name="P99">Milliseconds; not a number if the program does not report it.</param>
/// <param name="Failed">Unexpected responses, and socket errors.</param>
/// <param name="Cpu">CPU seconds of the load program itself.</param>
sealed record Load(double PerSecond, double P50, double P99, long Failed, double Cpu)
{
    /// <summary>The number of successful requests.</summary>
    public double Succeeded { get; init; }

    /// <summary>CPU seconds of the server meanwhile, and of all processes of PostgreSQL.</summary>
    public double ServerCpu { get; init; }

    /// <inheritdoc cref="ServerCpu"/>
    public double DatabaseCpu { get; init; }
}

/// <summary>Runs wrk and pgbench and reads their output.</summary>
static partial class Tools
{
    /// <summary>A script of this program, by its name.</summary>
    public static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "Bookings", name);

    public static async Task<Load> Wrk(Uri address, int connections, int seconds, string? script = null,
        params string[] arguments)
    {
        var threads = Math.Min(connections, 2);
        string[] all = ["-t", Text(threads), "-c", Text(connections), "-d", seconds + "s", "--latency", "--timeout",
            "10s",
            .. script is null ? Array.Empty<string>() : ["-s", script], address.ToString(),
            .. arguments.Length == 0 ? Array.Empty<string>() : ["--", .. arguments, Text(threads)]];
        var (output, cpu) = await Run("wrk", all);
        var done = Number(WrkRequests().Match(output));
        var failed = Number(WrkFailed().Match(output)) + WrkErrors().Match(output).Groups.Values.Skip(1)
            .Sum(g => Parse(g.Value));
        var elapsed = Number(WrkSeconds().Match(output));
        return new((done - failed) / elapsed, Milliseconds(WrkP50().Match(output)),
            Milliseconds(WrkP99().Match(output)), (long)failed, cpu)
        { Succeeded = done - failed };
    }

    public static async Task<Load> PgBench(string connection, int clients, int seconds, string script,
        params (string Name, string Value)[] variables)
    {
        string[] all = ["-n", "-M", "prepared", "-c", Text(clients), "-j", Text(Math.Min(clients, 2)), "-T",
            Text(seconds), "-f", script,
            .. variables.SelectMany(v => new[] { "-D", v.Name + "=" + v.Value }), "-D", "clients=" + Text(clients),
                "-D", "i=-1", connection];
        var (output, cpu) = await Run("pgbench", all);
        var (latency, rate) = (Number(PgLatency().Match(output)), Number(PgTps().Match(output)));
        return new(rate, latency, double.NaN, (long)Number(PgFailed().Match(output)), cpu)
        {
            Succeeded = rate * seconds,
        };
    }

    /// <summary>CPU seconds of a process and of all children that it has waited for or still has.</summary>
    /// <remarks>It reads again if a child ended meanwhile: that one would be counted twice or not at all.</remarks>
    public static double Cpu(int pid)
    {
        while (true)
        {
            var before = Stat(pid);
            var children = Directory.EnumerateDirectories("/proc").Select(Path.GetFileName)
                .Select(name => int.TryParse(name, out var child) ? child : 0)
                .Where(child => child > 0).Select(Stat).Where(stat => stat.Parent == pid)
                .Sum(stat => stat.Own + stat.Reaped);
            var after = Stat(pid);
            if (after.Reaped == before.Reaped) return after.Own + after.Reaped + children;
        }
    }

    static (int Parent, double Own, double Reaped) Stat(int pid)
    {
        const double TicksPerSecond = 100;
        try
        {
            var fields = File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].Split(' ');
            return (int.Parse(fields[1], CultureInfo.InvariantCulture),
                (Parse(fields[11]) + Parse(fields[12])) / TicksPerSecond,
                (Parse(fields[13]) + Parse(fields[14])) / TicksPerSecond);
        }
        catch (IOException)
        {
            return default;
        }
    }

    static async Task<(string Output, double Cpu)> Run(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false };
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        var cpu = 0d;
        while (!process.HasExited)
        {
            try
            {
                cpu = process.TotalProcessorTime.TotalSeconds;
            }
            catch (Exception e) when (e is InvalidOperationException or Win32Exception)
            {
                // It ended between the two looks.
                break;
            }
            await Task.WhenAny(process.WaitForExitAsync(), Task.Delay(100));
        }
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException(
            $"{program} ended with {process.ExitCode}: {await errors}");
        return (await output + await errors, cpu);
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    static double Number(Match match) => match.Success ? Parse(match.Groups[1].Value) : 0;

    static double Parse(string text) =>
        double.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0;

    static double Milliseconds(Match match) =>
        !match.Success ? double.NaN : Parse(match.Groups[1].Value) * match.Groups[2].Value switch
        {
            "us" => 0.001,
            "ms" => 1,
            "s" => 1000,
            _ => 60_000,
        };

    const int Patience = 1000;

    [GeneratedRegex(@"(\d+) requests in", RegexOptions.None, Patience)]
    private static partial Regex WrkRequests();

    [GeneratedRegex(@"requests in ([\d.]+)s", RegexOptions.None, Patience)]
    private static partial Regex WrkSeconds();

    [GeneratedRegex(@"Non-2xx or 3xx responses: (\d+)", RegexOptions.None, Patience)]
    private static partial Regex WrkFailed();

    [GeneratedRegex(@"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", RegexOptions.None,
        Patience)]
    private static partial Regex WrkErrors();

    [GeneratedRegex(@"50%\s+([\d.]+)(us|ms|s|m)", RegexOptions.None, Patience)]
    private static partial Regex WrkP50();

    [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s|m)", RegexOptions.None, Patience)]
    private static partial Regex WrkP99();

    [GeneratedRegex(@"tps = ([\d.]+)", RegexOptions.None, Patience)]
    private static partial Regex PgTps();

    [GeneratedRegex(@"latency average = ([\d.]+) ms", RegexOptions.None, Patience)]
    private static partial Regex PgLatency();

    [GeneratedRegex(@"number of failed transactions: (\d+)", RegexOptions.None, Patience)]
    private static partial Regex PgFailed();
}
