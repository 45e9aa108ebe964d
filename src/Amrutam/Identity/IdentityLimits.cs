using System.ComponentModel.DataAnnotations;

namespace Amrutam.Identity;

/// <summary>Limits of signing up and signing in (section <c>Limits</c>). 0 lifts a limit.</summary>
sealed class IdentityLimits
{
    // Per minute. A family behind one address signs up together. A script signs up thousands.
    [Range(0, int.MaxValue)] public int SignUpsPerAddress { get; init; } = 20;

    // Per minute. The whole staff of a clinic may share one address.
    [Range(0, int.MaxValue)] public int SignInsPerAddress { get; init; } = 60;

    // Requests for an e-mail per minute: more than a person makes, fewer than fill an inbox.
    [Range(0, int.MaxValue)] public int MailsPerAddress { get; init; } = 10;

    // Letters of one kind to one receiver, per hour. A person asks a second and a third time.
    [Range(0, int.MaxValue)] public int LettersPerReceiver { get; init; } = 10;

    // In a row, before the account's sign-in waits.
    [Range(0, int.MaxValue)] public int SignInFailuresPerAccount { get; init; } = 10;
}
