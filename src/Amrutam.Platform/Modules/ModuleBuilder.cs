using System.Text.Json.Serialization.Metadata;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Invariants;
using Amrutam.Platform.Jobs;
using Amrutam.Platform.Operations;
using Amrutam.Platform.Privacy;
using Amrutam.Platform.Telemetry;
using Amrutam.Platform.Transfer;

namespace Amrutam.Platform.Modules;

/// <summary>Registers the parts of one module in a server, and records each as the module's declaration.</summary>
sealed class ModuleBuilder(WebApplicationBuilder app, IModule module)
{
    public DeclaredModule Declared { get; } = new(module);

    public IServiceCollection Services => app.Services;

    public IConfiguration Configuration => app.Configuration;

    public IHostEnvironment Environment => app.Environment;

    /// <inheritdoc cref="Http.Settings.AddSettings"/>
    public T AddSettings<T>(string section) where T : class, new()
    {
        Declared.Settings.Add(typeof(T));
        return app.AddSettings<T>(section);
    }

    /// <summary>Adds the compiled JSON shapes of the module's requests and responses.</summary>
    public void AddJson(IJsonTypeInfoResolver shapes) => app.AddJson(shapes);

    /// <summary>Runs the job as long as the server runs. The job itself is a singleton.</summary>
    public void AddJob<TJob>() where TJob : class, IJob
    {
        Declared.Jobs.Add(typeof(TJob));
        Services.AddSingleton<TJob>().AddHostedService<JobHost<TJob>>();
    }

    /// <summary>Gives each event of the log to the reader, in the order of positions.</summary>
    public void AddEventReader<TReader>() where TReader : class, IReadEvents
    {
        Declared.EventReaders.Add(typeof(TReader));
        Services.AddEventReader<TReader>();
    }

    /// <summary>Checks the invariants each minute where data has changed, and in full each night.</summary>
    public void AddInvariants(params IEnumerable<Invariant> invariants)
    {
        foreach (var invariant in invariants)
        {
            Declared.Invariants.Add(invariant);
            Services.AddSingleton(invariant);
        }
    }

    /// <summary>Exports and erases the personal data of the module's tables together with that of the others.</summary>
    public void AddPersonalData<TData>() where TData : class, IPersonalData
    {
        Declared.PersonalData.Add(typeof(TData));
        Services.AddSingleton<IPersonalData, TData>();
    }

    /// <summary>Takes the lines of one file of an import.</summary>
    public void AddImportedFile<TFile>() where TFile : class, IImportedFile =>
        Services.AddSingleton<IImportedFile, TFile>();

    /// <summary>Encrypts the secrets of one table again when the key-encryption key changes.</summary>
    public void AddEncryptedSecrets<TSecrets>() where TSecrets : class, IEncryptedSecrets
    {
        Declared.EncryptedSecrets.Add(typeof(TSecrets));
        Services.AddSingleton<IEncryptedSecrets, TSecrets>();
    }

    /// <summary>Warns at the start of a server in Production.</summary>
    /// <param name="applies">Whether there is a reason to.</param>
    /// <param name="log">Writes one line, which names the setting to change.</param>
    public void AddStartWarning(Func<IServiceProvider, bool> applies, Action<ILogger> log) =>
        Services.AddSingleton(new StartWarning(applies, log));

    /// <summary>Publishes a gauge that the server polls.</summary>
    public void AddGauge(PolledGauge gauge)
    {
        Declared.Gauges.Add(gauge);
        Services.AddSingleton(gauge);
    }

    /// <summary>Declares the tables of the module's schema.</summary>
    /// <param name="tables">Their names are without the schema.</param>
    public void AddTables(params IEnumerable<Table> tables) =>
        Declared.Tables.AddRange(tables.Select(table => table with { Name = $"{module.Schema}.{table.Name}" }));
}
