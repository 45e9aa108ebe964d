using System.Diagnostics.Metrics;
using Amrutam.Platform.Http.Problems;

namespace Amrutam.Identity.SignIn;

/// <summary>Counts attempts to sign in, of every kind, by their outcome.</summary>
static class SignInMeter
{
    static readonly Counter<long> Attempts = new Meter("Amrutam.Identity")
        .CreateCounter<long>("amrutam.sign_ins", "{attempt}", "Attempts to sign in, by outcome");

    /// <param name="refusal">The problem; null for a success.</param>
    public static void Count(Problem? refusal) =>
        Attempts.Add(1, new KeyValuePair<string, object?>("outcome", refusal?.Code ?? "succeeded"));
}
