using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>Gives the server a login of its own where the operator gave one for all, so that what serves cannot become
/// the owner of the event log.</summary>
/// <remarks>
/// The login is named after the database and inherits from amrutam_app. One for the whole cluster was rejected: two
/// databases with different owners would take it from each other at every start. Its password follows from the owner's,
/// so every replica knows it and none keeps it, and from it the owner's does not follow.
/// </remarks>
static partial class AppRoleLogin
{
    // Any constant does; it only has to be the same in every replica.
    const long OneAtATime = 0x4C4F47494E;

    // PostgreSQL cuts a longer one off, and two databases could meet in what is left.
    const int LongestName = 63;

    const string Purpose = "amrutam serving login ";

    /// <summary>Over a migrated database: the same, served by a login of its own if there can be one.</summary>
    public static async Task<Database> Give(Database database, CancellationToken ct)
    {
        if (!database.HasOneLogin) await RequireRole(database, ct);
        if (Derive(database) is not { } own) return database;
        try
        {
            if (!await Opens(own, ct))
            {
                await MakeLogin(database, own, ct);
                if (!await Opens(own, ct)) return database;
            }
            return database with { App = own.ConnectionString };
        }
        // An owner who may not make roles, a pooler or a pg_hba.conf that does not know this one.
        catch (PostgresException)
        {
            return database;
        }
    }

    /// <summary>The same without making anything: the login that an earlier start made, if there is one.</summary>
    public static async Task<Database> Find(Database database, CancellationToken ct)
    {
        if (!database.HasOneLogin) await RequireRole(database, ct);
        return Derive(database) is { } own && await Opens(own, ct)
            ? database with { App = own.ConnectionString }
            : database;
    }

    /// <summary>Warns when who serves could change the event log by becoming its owner.</summary>
    public static async Task Check(IServiceProvider services, CancellationToken ct)
    {
        if (await MayBecomeTheOwner(services.GetRequiredService<NpgsqlDataSource>(), ct))
            LogMayBecomeTheOwner(services.GetRequiredService<ILoggerFactory>()
                .CreateLogger(typeof(AppRoleLogin).FullName!));
    }

    /// <exception cref="StartupException">The login that serves is not a member of amrutam_app.</exception>
    static async Task RequireRole(Database database, CancellationToken ct)
    {
        await using var serving = Once(database.App);
        if (await serving.Statement(HasRole).With(Database.AppRole).Value<bool>(ct)) return;
        var user = new NpgsqlConnectionStringBuilder(database.App).Username;
        throw new StartupException($"The login '{user}' of {ConnectionStrings.SettingOf(database, database.App)} is "
            + $"not a member of {Database.AppRole}: run \"grant {Database.AppRole} to {user}\" as a superuser.");
    }

    static Task<bool> MayBecomeTheOwner(NpgsqlDataSource serving, CancellationToken ct) =>
        serving.Statement(MayBecomeOwner).Value<bool>(ct);

    /// <returns>Null when the two log in apart already, or when there is no password to derive one from.</returns>
    static NpgsqlConnectionStringBuilder? Derive(Database database)
    {
        var (owner, app) = (new NpgsqlConnectionStringBuilder(database.Owner),
            new NpgsqlConnectionStringBuilder(database.App));
        if (owner.Username != app.Username || owner is not { Password.Length: > 0, Database.Length: > 0 }) return null;
        var name = $"{Database.AppRole}_{owner.Database}";
        if (Encoding.UTF8.GetByteCount(name) > LongestName) return null;
        var password = HMACSHA256.HashData(Encoding.UTF8.GetBytes(owner.Password), Encoding.UTF8.GetBytes(Purpose
            + name));
        return new(database.Owner) { Username = name, Password = Convert.ToBase64String(password) };
    }

    static async Task<bool> Opens(NpgsqlConnectionStringBuilder login, CancellationToken ct)
    {
        await using var source = Once(login.ConnectionString);
        try
        {
            return !await MayBecomeTheOwner(source, ct);
        }
        // Class 28: no such login, or not by this password; class 42: one that may not read what it serves.
        catch (PostgresException e) when (e.SqlState.StartsWith("28", StringComparison.Ordinal)
            || e.SqlState.StartsWith("42", StringComparison.Ordinal))
        {
            return false;
        }
    }

    static async Task MakeLogin(Database database, NpgsqlConnectionStringBuilder login, CancellationToken ct)
    {
        await using var source = Once(database.Owner);
        await using var connection = await source.OpenConnectionAsync(ct);
        // The lock ends with the session.
        await connection.Statement(Lock).With(OneAtATime).Execute();
        await connection.Statement(Say).With(login.Username).With(login.Password).Execute();
        await connection.Statement(Make).Execute();
    }

    static NpgsqlDataSource Once(string connectionString) => Database.OpenUnpooled(
        new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString, "amrutam login");

    const string HasRole = """
        select coalesce((select pg_has_role(session_user, oid, 'usage') from pg_roles where rolname = $1), false)
        """;

    const string Lock = "select pg_advisory_lock($1)";

    const string Say = """
        select set_config('amrutam.login', $1, false), set_config('amrutam.login_password', $2, false)
        """;

    // Only what an owner without a superuser's rights may say: a role has none of the others unless it was given them,
    // and is then not served by.
    const string Make = """
        do $$
        declare
            login constant text := current_setting('amrutam.login');
        begin
            if not exists (select from pg_roles where rolname = login) then
                execute format('create role %I', login);
            end if;
            if not pg_has_role(login, 'amrutam_app', 'usage') then
                execute format('grant amrutam_app to %I', login);
            end if;
            execute format('alter role %I login password %L', login, current_setting('amrutam.login_password'));
        end
        $$
        """;

    // Of the session and not of the present role, which a session may take off again.
    const string MayBecomeOwner = """
        select pg_has_role(session_user, c.relowner, 'member') from pg_class c where c.oid = 'audit.events'::regclass
        """;

    [LoggerMessage(Level = LogLevel.Warning, Message = "the server's login may become the owner of the event log, so "
        + "whoever takes the server over can change the log: give the owner apart as ConnectionStrings__Owner")]
    static partial void LogMayBecomeTheOwner(ILogger log);
}
