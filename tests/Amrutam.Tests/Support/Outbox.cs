using System.Diagnostics;
using System.Text.Json;
using Amrutam.Identity.Encryption;
using Amrutam.Notifications.Contracts;
using Amrutam.Platform.Data;
using Npgsql;
using WireJson = Amrutam.Platform.Http.Binding.Json;

namespace Amrutam.Tests.Support;

/// <summary>The queue of letters, read in the database.</summary>
sealed class Outbox(NpgsqlDataSource owner, SecretEncryption box)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <param name="Minutes">Minutes until the next attempt; null for never.</param>
    public sealed record Row(int Attempts, string? ParkedBecause, double? Minutes);

    /// <summary>Queues a letter like the server.</summary>
    /// <param name="table">The name under which a version of the server knows the queue.</param>
    /// <param name="db">The role that queues it; the owner if not given.</param>
    public Task<Guid> Add(string to, string subject = "Hello", string text = "Hello.",
        string table = "notifications.outgoing_mails", NpgsqlDataSource? db = null) =>
        AddSealed(box.Encrypt(JsonSerializer.SerializeToUtf8Bytes(new Letter(to, subject, text), WireJson.Options),
            LetterQueue.Purpose), table, db);

    /// <summary>Queues the given ciphertext.</summary>
    public async Task<Guid> AddSealed(byte[] text, string table = "notifications.outgoing_mails",
        NpgsqlDataSource? db = null)
    {
        var id = Guid.CreateVersion7();
        await (db ?? owner).Statement($"insert into {table} (id, sealed) values ($1, $2)").With(id).With(text)
            .Execute();
        return id;
    }

    /// <returns>Null if the letter is gone.</returns>
    public Task<Row?> Find(Guid id) => owner.Statement("""
        select attempts, parked_because,
               case when isfinite(next_attempt_at) then extract(epoch from next_attempt_at - now())::float8 / 60 end
          from notifications.outgoing_mails where id = $1
        """).With(id).One(row => new Row(row.GetInt32(0), row.GetStringOrNull(1), row.IsDBNull(2) ? null
            : row.GetDouble(2)));

    /// <summary>The events of a letter.</summary>
    public Task<List<string>> Events(Guid id) => owner.Statement("""
        select concat_ws(' ', action, details ->> 'reason') from audit.events where entity_id = $1 order by position
        """).With(id).List(row => row.GetString(0));

    /// <summary>Makes every waiting letter due.</summary>
    public Task Hurry() => owner.Statement("""
        update notifications.outgoing_mails set next_attempt_at = now() where parked_because is null
        """).Execute();

    /// <summary>Waits until every letter was tried.</summary>
    public static async Task AllTried(NpgsqlDataSource owner)
    {
        for (var clock = Stopwatch.StartNew(); await owner.Statement(Untried).Value<bool>(); await Task.Delay(50))
            clock.Elapsed.ShouldBeLessThan(Patience, "a letter was not tried");
    }

    const string Untried = "select exists (select from notifications.outgoing_mails where attempts = 0)";
}
