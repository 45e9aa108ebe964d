namespace Amrutam.Platform.Operations;

/// <summary>A setting that a server in Production should not have, and the line that says so at the start.</summary>
/// <param name="Applies">Whether this server has it.</param>
/// <param name="Log">Writes the line, which names the setting to change.</param>
sealed record StartWarning(Func<IServiceProvider, bool> Applies, Action<ILogger> Log)
{
    /// <summary>Writes the lines of all that apply, in Production.</summary>
    public static void WriteAll(IServiceProvider services)
    {
        if (!services.GetRequiredService<IHostEnvironment>().IsProduction()) return;
        var log = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(StartWarning).FullName!);
        foreach (var warning in services.GetServices<StartWarning>().Where(warning => warning.Applies(services)))
            warning.Log(log);
    }
}
