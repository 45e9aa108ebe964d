using System.Text.Json;
using Amrutam.Audit.Sealing;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Privacy;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Audit.Reading;

/// <summary>Returns a proof that one event is in the log: its text, its path in the seal's tree, and the signed seal.
/// The proof is checked without a database.</summary>
/// <remarks>docs/audit-seal.md describes the check; tools/verify-audit-proof.py runs it.</remarks>
static class ProveEvent
{
    static readonly Problem NotYet = new(409, "event_is_not_sealed_yet",
        "The event is not sealed yet; try again in a few seconds");

    static readonly Problem Changed = new(409, "event_is_not_what_was_sealed",
        "The event differs from its seal, so it cannot be proven; ask the operator to verify the log");

    /// <param name="Event">The event's text, byte for byte as it was hashed.</param>
    /// <param name="Index">Its place among the events of the seal, from 0.</param>
    /// <param name="Path">The hashes from the event to the root, in hexadecimal, the lowest first.</param>
    /// <param name="Seal">The seal's text, byte for byte as it was signed.</param>
    /// <param name="Signature">ECDSA over P-256 and SHA-256, the two numbers one after the other, in base64.</param>
    /// <param name="PublicKey">SubjectPublicKeyInfo in base64; compare it with one that you know.</param>
    public sealed record Response(string Event, int Index, IReadOnlyList<string> Path, string Seal, string Signature,
        string PublicKey);

    sealed record Found(Seal Seal, int Index, byte[] PublicKey);

    public static void Map(RouteGroupBuilder admin) => admin.MapGet("/audit/{position:long}/proof", Handle)
        .WithSummary("Prove that an event is in the log")
        .WithDescription("Checked without the server by `tools/verify-audit-proof.py`; `docs/audit-seal.md` says how.")
        .RecordsAccess<Response>("events.read", "event", answer => PeopleOf(answer.Event))
        .WithProblems(CommonProblems.Absent, NotYet, Changed);

    static IEnumerable<Shown> PeopleOf(string text)
    {
        var e = JsonElement.Parse(text);
        return ListEvents.People(Id("actor_id"), Text("actor_role"), Text("entity")!, Id("entity_id"));

        string? Text(string member) => e.TryGetProperty(member, out var value) ? value.GetString() : null;
        Guid? Id(string member) => e.TryGetProperty(member, out var value) ? value.GetGuid() : null;
    }

    static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle(
        long position, NpgsqlDataSource db, CancellationToken ct)
    {
        var text = await db.Statement(ReadEvent).With(position).One(new EventText().Text, ct);
        if (text is null) return CommonProblems.NotFound();
        var found = await db.Statement(ReadItsSeal).With(position).One(row =>
            new Found(Seal.Read(row), row.GetInt32OrNull(12) - 1 ?? -1, row.GetFieldValue<byte[]>(13)), ct);
        if (found is null) return NotYet.Because();
        var (seal, index) = (found.Seal, found.Index);
        if (index < 0 || !EventText.Leaf(text).AsSpan()
            .SequenceEqual(seal.Leaves.AsSpan(index * MerkleTree.HashBytes, MerkleTree.HashBytes)))
            return Changed.Because();
        return TypedResults.Ok(new Response(text, index,
            MerkleTree.Path(seal.Leaves, index).ConvertAll(Convert.ToHexStringLower), seal.Text,
            Convert.ToBase64String(seal.Signature), Convert.ToBase64String(found.PublicKey)));
    }

    const string ReadEvent = $"select {EventText.Columns} from audit.every_event where position = $1 limit 1";

    const string ReadItsSeal = $"""
        select {Seal.Columns}, array_position(s.positions, $1), k.public_key
          from {Seal.From} join audit.seal_keys k on k.kid = s.kid
         where s.position >= $1 order by s.position limit 1
        """;
}
