using Amrutam.Identity.Accounts;
using Amrutam.Identity.SignIn;
using Amrutam.Notifications.Contracts;
using Amrutam.Platform.Http;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace Amrutam.Identity.Mail;

/// <summary>Every letter about an account. A letter is queued in the transaction that causes it, and sent
/// afterwards.</summary>
/// <remarks> A link opens a page that does nothing until its form is sent, because mail programs and scanners open
/// links too. Its token is in the query, where a page without script can read it. Our own log has no queries, and the
/// token works once and for a short time. The token is also on a line of its own, to be copied. A letter may arrive
/// days late, so it gives dates and not durations. Each hour
/// one receiver gets a limited number of letters, whichever route asks for them. The response is the same for a letter
/// that is not sent. </remarks>
sealed partial class Emails(LetterQueue queue, IdentitySettings settings, IdentityLimits limits,
    AttemptLimiter attempts)
{
    const string Links = "links to a receiver", Notices = "notices to a receiver";

    static readonly InstantPattern Moment =
        InstantPattern.CreateWithInvariantCulture("d MMMM uuuu, HH:mm 'UTC'");

    public Task<bool> VerifyAddress(NpgsqlConnection connection, string to, Func<Task<string>> make) =>
        QueueLink(connection, to, make, token => new(to,
        "Confirm your e-mail address", $"""
        This address was given to Amrutam for an account. To confirm that it is yours, open this link:

        {Link(EmailLinkPages.VerifyEmail, token)}

        Or enter this code where you signed up:

        {token}

        If you did not sign up, you need not do anything.
        """));

    public Task<bool> ResetPassword(NpgsqlConnection connection, string to, Func<Task<string>> make) =>
        QueueLink(connection, to, make, token => new(to,
        "Choose a new password", $"""
        To choose a new password for your Amrutam account, open this link:

        {Link(EmailLinkPages.ResetPassword, token)}

        Or enter this code:

        {token}

        Both work for one hour after you asked for them. If you did not ask, you need not do anything: nothing changes.
        """));

    public Task<bool> ConfirmNewAddress(NpgsqlConnection connection, string to, Func<Task<string>> make) =>
        QueueLink(connection, to, make, token => new(to,
        "Confirm your new e-mail address", $"""
        To use this address for your Amrutam account, open this link:

        {Link(EmailLinkPages.ChangeEmail, token)}

        Or enter this code:

        {token}

        If you did not ask for this, you need not do anything: nothing changes.
        """));

    public Task<bool> Invite(NpgsqlConnection connection, string to, string role, Func<Task<string>> make) =>
        QueueLink(connection, to, make, token => new(to,
        "You are invited to Amrutam", $"""
        You are invited to join Amrutam as {Title(role)}.
        To choose your password, open this link:

        {Link(EmailLinkPages.AcceptInvitation, token)}

        Or enter this code:

        {token}

        Both work for seven days after you were invited.
        """));

    static string Title(string role) => role switch
    {
        Allow.Admin => "an administrator",
        Allow.Staff => "a member of staff",
        _ => "a doctor",
    };

    public Task AddressIsChanging(NpgsqlConnection connection, User user) =>
        Queue(connection, new(user.Email!,
        "Your e-mail address is being changed", """
        Someone who is signed in to your Amrutam account asked to use another e-mail address for it.

        If it was not you, change your password at once. This also stops the change of the address.
        """));

    public Task PasswordChanged(NpgsqlConnection connection, User user) =>
        Queue(connection, new(user.Email!,
        "Your password was changed", """
        The password of your Amrutam account was changed. Every other device was signed out.

        If it was not you, ask for a new password by e-mail at once.
        """));

    public Task SecondFactorAdded(NpgsqlConnection connection, User user) =>
        Queue(connection, new(user.Email!,
        "A second factor was added", """
        Signing in to your Amrutam account with the password now also needs a code of an authenticator app. Every other
        device was signed out.

        If it was not you, ask for a new password by e-mail at once. Then ask an administrator to remove the app from
        your account.
        """));

    public Task PasskeyAdded(NpgsqlConnection connection, User user) =>
        Queue(connection, new(user.Email!,
        "A passkey was added", """
        A passkey was added to your Amrutam account. Anyone who has it can sign in with it.

        If it was not you, remove it and change your password at once.
        """));

    public Task SecondFactorRemovedByUs(NpgsqlConnection connection, User user) =>
        Queue(connection, new(user.Email!,
        "Your second factor was removed by us", """
        Someone showed an administrator that they are you, and said that they have lost their authenticator app. The app
        was removed from your Amrutam account, and every device was signed out. Add an app again as soon as you can.

        If it was not you, change your password at once, add an app again, and contact an administrator.
        """));

    public Task SecondFactorRemoved(NpgsqlConnection connection, User user) =>
        Queue(connection, new(user.Email!,
        "Your second factor was removed", """
        The authenticator app was removed from your Amrutam account, and every device was signed out.

        If it was not you, change your password at once and add the app again.
        """));

    /// <param name="due">The time when the personal data is erased.</param>
    public Task WillBeDeleted(NpgsqlConnection connection, User user, Instant due) =>
        Queue(connection, new(user.Email!,
        "Your account will be deleted", $"""
        Your Amrutam account is closed. Your visits ahead are cancelled, and you are no longer on any waiting list.
        Your personal data will be erased after {Moment.Format(due)}.

        If you change your mind, sign in before then, and your account is open again. Visits that were cancelled stay
        cancelled, and you do not get back your places on waiting lists.
        """));

    string Link(string page, string token) => new Uri(settings.PublicUrl, page + "?token=" + token).ToString();

    /// <summary>Queues a letter with a link, as anybody can ask for one to any address.</summary>
    /// <param name="make">Makes the token. It is not called for a letter that is not sent, so earlier links still
    /// work.</param>
    /// <returns>False if the receiver has had too many such letters. Only an admin may be answered so: it discloses
    /// that others wrote to the address.</returns>
    async Task<bool> QueueLink(NpgsqlConnection connection, string to, Func<Task<string>> make,
        Func<string, Letter> write)
    {
        if (!await Allows(connection, Links, to)) return false;
        await queue.Add(connection, write(await make()));
        return true;
    }

    /// <summary>Queues a letter about what was done with the receiver's account. Each subject has an allowance of its
    /// own, so that no flood of one letter hides another.</summary>
    async Task Queue(NpgsqlConnection connection, Letter letter)
    {
        if (await Allows(connection, Notices, letter.To, letter.Subject)) await queue.Add(connection, letter);
    }

    async Task<bool> Allows(NpgsqlConnection connection, string what, string to, string subject = "") =>
        await attempts.CountInHour(connection, what, EmailAddress.Receiver(to) + ' ' + subject,
            limits.LettersPerReceiver) == AttemptLimiter.NotRefused;
}
