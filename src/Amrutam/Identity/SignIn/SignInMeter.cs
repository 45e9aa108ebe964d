using System.Diagnostics.Metrics;
using Amrutam.Platform.Http.Problems;

namespace Amrutam.Identity.SignIn;

/// <summary>Counts attempts to sign in by how they ended, whichever way somebody tried.</summary>
static class SignInMeter
{
    static readonly Counter<long> Attempts = new Meter("Amrutam.Identity")
        .CreateCounter<long>("amrutam.sign_ins", "{attempt}", "Attempts to sign in, by outcome");

    /// <param name="refusal">Why not; null when it succeeded.</param>
    public static void Count(Problem? refusal) =>
        Attempts.Add(1, new KeyValuePair<string, object?>("outcome", refusal?.Code ?? "succeeded"));
}
