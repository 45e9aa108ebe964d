using Amrutam.Platform.Http;
using Amrutam.Platform.Idempotency;
using Amrutam.Platform.Invariants;
using Amrutam.Platform.Operations;
using Amrutam.Platform.Telemetry;

namespace Amrutam.Platform.Modules;

/// <summary>The platform's own tables, jobs, gauges and invariants, declared like those of a module.</summary>
sealed class PlatformModule : IModule
{
    public string Name => "Platform";

    public void Add(ModuleBuilder module)
    {
        module.AddJob<PolledGauges>();
        module.AddJob<SweepInvariants>();
        module.AddJob<ForgetKeys>();
        module.AddJob<ReleaseIdleMemory>();
        foreach (var gauge in SystemProbes.Gauges) module.AddGauge(gauge);
        module.AddStartWarning(HttpPipeline.HasNoTls, HttpPipeline.LogNoTls);
        module.AddInvariants(PlatformInvariants.All);
        module.AddPersonalData<IdempotencyPersonalData>();
        module.AddTables(
            new("event_epochs", NotExported: "of the installation", Secrets: Table.All),
            new("event_readers", NotExported: "of the installation", Secrets: Table.All),
            // A key repeats a request to this installation. Its bodies are copies of other rows.
            new("idempotency_keys", ExportedAs: "remembered_requests", Grows: true, Secrets: Table.All),
            new("imported_rows", NotExported: "ids of an earlier system"),
            new("invariants", NotExported: "of the installation", Secrets: Table.All),
            new("migrations", NotExported: "of the installation"),
            new("page_key", NotExported: "a key of the installation", Secrets: Table.All),
            new("parked_events", NotExported: "positions of the log"),
            new("schema_version", NotExported: "of the installation"));
    }
}
