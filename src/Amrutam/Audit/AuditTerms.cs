using System.Collections.Frozen;
using Amrutam.Audit.Reading;
using Amrutam.Platform.Http;
using Amrutam.Platform.OpenApi;

namespace Amrutam.Audit;

/// <summary>The words of the event log in the API's description.</summary>
static class AuditTerms
{
    static readonly Dictionary<string, Field> Fields = new(StringComparer.Ordinal)
    {
        ["position"] = new("The position of the event in the log.", 1),
        ["at"] = new("The instant."),
        ["action"] = new("The event's name, as a past participle.", "bookings.booked"),
        ["entity"] = new("The kind of thing that changed.", "booking"),
        ["entity_id"] = new("The id of the thing that changed."),
        ["actor_id"] = new("The account that acted; null for the system."),
        ["actor_role"] = new("The role that acted; null if there was none.", Allow.Patient),
        ["details"] = new("Facts of the event, without personal data."),
        ["by_role"] = new("The role that acted; null for the clock.", Allow.Doctor),
        ["AccessLogEntry.kind"] = new("The kind of record that was shown.", "booking")
        {
            Words = ["booking", "account", "profile", "event", "patient", "message"],
        },
        ["by_name"] = new("The name of a doctor; null for staff, and for a doctor who left.", "Asha Rao"),
        ["ids"] = new("The ids of the records that have one."),
        ["event"] = new("The text of the event, byte for byte as it was hashed."),
        ["index"] = new("The place of the event under its seal, from 0.", 0),
        ["path"] = new("The hashes from the event to the root in hexadecimal, the lowest first."),
        ["ProveEventResponse.seal"] = new("The text of the seal, byte for byte as it was signed."),
        ["signature"] = new("An ECDSA signature over P-256 and SHA-256 in base64: both numbers, one after the other."),
        ["public_key"] = new("The SubjectPublicKeyInfo in base64. Compare it with a key that you know."),
        ["count"] = new("How many records the answer contained."),
        ["listEvents.entity"] = new("Only events of this kind of thing.", "booking") { MaxLength = ListEvents.MaxWord },
        ["listEvents.entity_id"] = new("Only events of this thing."),
        ["listEvents.actor_id"] = new("Only events that this account caused."),
        ["listEvents.action"] = new("Only events with this name.", "bookings.booked")
        {
            MaxLength = ListEvents.MaxWord,
        },
        ["listEvents.from"] = new("The first instant.", "2030-01-07T00:00:00Z") { Format = "date-time" },
        ["listEvents.to"] = new("The instant before which events count.", "2030-01-08T00:00:00Z")
        {
            Format = "date-time",
        },
        ["followEvents.after"] = new("The `next_cursor` of the answer before. Without it the log starts at its begin."),
        ["followEvents.limit"] = new("How many events an answer has at most.", FollowEvents.DefaultLimit)
        {
            Minimum = 1, Maximum = FollowEvents.MaxLimit, Default = FollowEvents.DefaultLimit,
        },
        ["state"] = new("Whether the log is what was sealed.", "valid") { Words = ["valid", "broken"] },
        ["first_broken"] = new("The first event that differs from its seal; null if there is none."),
        ["seal"] = new("The number of the seal."),
        ["because"] = new("How the event differs from its seal."),
        ["seals"] = new("How many seals there are."),
        ["FullCheck.seals"] = new("How many seals were compared."),
        ["finished_at"] = new("The end of the check."),
        ["sealed_events"] = new("How many events are under a seal."),
        ["sealed_through"] = new("The position of the last sealed event; null before the first seal."),
        ["last_sealed_at"] = new("The instant of the last seal; null before the first one."),
        ["unsealed_events"] = new("How many events wait for a seal, at most 10,000."),
        ["oldest_unsealed_at"] = new("The instant of the oldest event without a seal; null if all have one."),
        ["checked_now"] = new("How many events this request compared with their seals."),
        ["checked_at"] = new("The instant of the check."),
        ["last_full_check"] = new("The last comparison of the whole log; null before the first one."),
    };

    public static readonly ApiTerms All = new() { Fields = Fields.ToFrozenDictionary(StringComparer.Ordinal) };
}
