using System.Diagnostics.Metrics;
using Amrutam.Platform.Http.Problems;

namespace Amrutam.Identity.SignIn;

/// <summary>Counts attempts to sign in, of every kind, by their outcome.</summary>
sealed class SignInMeter(IMeterFactory meters)
{
    readonly Counter<long> _attempts = meters.Create("Amrutam.Identity")
        .CreateCounter<long>("amrutam.sign_ins", "{attempt}", "Attempts to sign in, by outcome");

    /// <param name="refusal">The problem; null for a success.</param>
    public void Count(Problem? refusal) =>
        _attempts.Add(1, new KeyValuePair<string, object?>("outcome", refusal?.Code ?? "succeeded"));
}
