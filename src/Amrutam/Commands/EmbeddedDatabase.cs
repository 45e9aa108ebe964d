using Amrutam.EmbeddedPostgres;
using Amrutam.Platform.Data;

namespace Amrutam.Commands;

/// <summary>This product's names for the embedded PostgreSQL.</summary>
static class EmbeddedDatabase
{
    const string NpmFolder = "postgres-npm", NodeModules = "node_modules";

    public static PostgresOptions Options { get; } = new()
    {
        Name = "amrutam",
        DefaultDirectory = DataSettings.DefaultDirectory(),
        ProgramsVariable = "AMRUTAM_POSTGRES_BIN",
        NodeModules = [Path.Combine(DataSettings.DefaultDirectory(), NpmFolder, NodeModules), .. FoldersAbove()
            .Select(folder => Path.Combine(folder, ".data", NpmFolder, NodeModules))],
        DirectorySetting = "Data__Directory",
        ConnectionSetting = "ConnectionStrings__Amrutam",
    };

    static IEnumerable<string> FoldersAbove()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            yield return folder;
    }
}
