using Amrutam.Platform.Http.Problems;

namespace Amrutam.Platform.Idempotency;

/// <summary>The problems of requests that carry an Idempotency-Key.</summary>
static class IdempotencyProblems
{
    public static readonly Problem KeyReused =
        new(422, "idempotency_key_reused", "This Idempotency-Key was used for another request; use a new key");
}
