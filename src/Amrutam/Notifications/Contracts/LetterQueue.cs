using System.Text.Json;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Binding;
using Npgsql;

namespace Amrutam.Notifications.Contracts;

/// <summary>A message to one person, in plain text.</summary>
sealed record Letter(string To, string Subject, string Text);

/// <summary>Queues letters. A letter is queued in the transaction that causes it, and sent after the commit.</summary>
/// <remarks>It is encrypted while it waits, because it may carry a token.</remarks>
sealed class LetterQueue(Secrets secrets)
{
    /// <summary>The purpose that letters are encrypted for.</summary>
    public const string Purpose = "outgoing mail";

    public Task Add(NpgsqlConnection connection, Letter letter) => connection.Statement(Insert)
        .With(Guid.CreateVersion7())
        .With(secrets.Encrypt(JsonSerializer.SerializeToUtf8Bytes(letter, Json.Options), Purpose)).Execute();

    const string Insert = "insert into notifications.outgoing_mails (id, sealed) values ($1, $2)";
}
