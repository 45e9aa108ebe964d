namespace Amrutam.Identity.Passwords;

/// <summary>The reason why a password is not accepted.</summary>
/// <param name="Code">A stable code, for pages that have their own words.</param>
/// <param name="Text">The end of a sentence that begins with "The password".</param>
sealed record PasswordViolation(string Code, string Text);
