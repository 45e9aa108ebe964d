using System.Diagnostics;
using Amrutam.Tests.Tidy;

namespace Amrutam.Tests.Support.Observing;

/// <summary>Prometheus's server and its tool promtool, from Debian's package.</summary>
static class Prometheus
{
    // The first is the folder in which ./x unpacks the package on a machine without it.
    static readonly string[] Folders =
        [Tree.Path(".data", "prometheus", "usr", "bin"), "/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"];

    public static string Program(string name) =>
        Folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"{name} is missing: ./x test gets it");

    /// <summary>Runs promtool.</summary>
    /// <returns>Its output if it finds a fault; else null.</returns>
    public static async Task<string?> Objection(string? input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Program("promtool"), arguments)
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 && (await complained).Length == 0 ? null : await said + await complained;
    }
}
