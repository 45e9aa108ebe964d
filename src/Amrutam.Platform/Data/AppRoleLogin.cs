using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Amrutam.Platform.Data;

/// <summary>Gives the server a login of its own if the operator gave one login for everything. So the serving role
/// cannot become the owner of the event log.</summary>
/// <remarks> The login is named after the database and inherits from amrutam_app. A login for the whole cluster was
/// rejected: two databases with different owners would change its password at every start. The password is derived from
/// the owner's, so every replica knows it and none stores it. The owner's password cannot be derived from it.
/// </remarks>
static partial class AppRoleLogin
{
    // Any constant will do, as long as every replica has the same one.
    const long OneAtATime = 0x4C4F47494E;

    // PostgreSQL cuts a longer name off, and then two databases could share a login.
    const int LongestName = 63;

    const string Purpose = "amrutam serving login ";

    /// <summary>Returns the migrated database with a login of the server's own, or unchanged if there can be
    /// none.</summary>
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
        // The owner may not make roles, or a pooler or pg_hba.conf does not know the new login.
        catch (PostgresException)
        {
            return database;
        }
    }

    /// <summary>Returns the database with the login that an earlier start made, if there is one. Makes
    /// nothing.</summary>
    public static async Task<Database> Find(Database database, CancellationToken ct)
    {
        if (!database.HasOneLogin) await RequireRole(database, ct);
        return Derive(database) is { } own && await Opens(own, ct)
            ? database with { App = own.ConnectionString }
            : database;
    }

    /// <summary>Logs a warning if the serving role could become the owner of the event log.</summary>
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

    /// <returns>Null if owner and server log in apart already, or if there is no password to derive one from.</returns>
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
        // Class 28: there is no such login, or its password differs. Class 42: the login may not read the tables.
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

    // It has only the clauses that an owner without a superuser's rights may write. A role has none of the other rights
    // unless somebody granted them, and then it does not serve.
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

    // It asks about the session's role. A session can leave its present role again.
    const string MayBecomeOwner = """
        select pg_has_role(session_user, c.relowner, 'member') from pg_class c where c.oid = 'audit.events'::regclass
        """;

    [LoggerMessage(Level = LogLevel.Warning, Message = "the server's login can become the owner of the event log, "
        + "so an intruder could change the log; set ConnectionStrings__Owner to a login apart")]
    static partial void LogMayBecomeTheOwner(ILogger log);
}
