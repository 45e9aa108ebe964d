using Amrutam.Platform.Invariants;
using Amrutam.Platform.Telemetry;

namespace Amrutam.Platform.Modules;

/// <summary>A module and everything that it declared at the start. Tests compare it with the code and with the
/// database.</summary>
sealed class DeclaredModule(IModule module)
{
    public IModule Module => module;

    public List<Type> Settings { get; } = [];

    public List<Type> Jobs { get; } = [];

    public List<Type> EventReaders { get; } = [];

    public List<Invariant> Invariants { get; } = [];

    public List<Type> PersonalData { get; } = [];

    public List<Type> EncryptedSecrets { get; } = [];

    public List<PolledGauge> Gauges { get; } = [];

    public List<Table> Tables { get; } = [];
}

/// <summary>A table of a module's schema, and the module's decisions about its rows.</summary>
/// <param name="Name">With the schema, as <c>scheduling.slots</c>.</param>
/// <param name="ExportedAs">The member of a person's export that contains the rows of that person.</param>
/// <param name="NotExported">The reason why no member contains them. Exactly one of the two is given.</param>
/// <param name="PersonIds">Columns with a person's id, in a table that is not exported.</param>
/// <param name="Secrets">Columns that no export of the installation has; all if there is one with the name
/// <c>*</c>.</param>
/// <param name="Grows">True if the number of rows grows with use. No statement may scan such a table.</param>
sealed record Table(string Name, string? ExportedAs = null, string? NotExported = null, string[]? PersonIds = null,
    bool Grows = false, string[]? Secrets = null)
{
    /// <summary>Every column is secret, or of this installation alone.</summary>
    public static readonly string[] All = ["*"];
}
