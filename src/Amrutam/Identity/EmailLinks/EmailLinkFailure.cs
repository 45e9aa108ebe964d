using Amrutam.Identity.Passwords;
using Amrutam.Platform.Http.Problems;

namespace Amrutam.Identity.EmailLinks;

/// <summary>The reason why the action of a link was not done.</summary>
/// <param name="Violation">The fault of the password, if <paramref name="Problem"/> is about it.</param>
sealed record EmailLinkFailure(Problem Problem, PasswordViolation? Violation = null);
