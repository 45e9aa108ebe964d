using Amrutam.Platform.Http.Problems;

namespace Amrutam.Identity.Contracts;

/// <summary>What is wrong with a password: a code for pages, which have words of their own, and the end of a sentence
/// for programs.</summary>
sealed record PasswordViolation(string Code, string Text);

/// <summary>Why something about an account was not done.</summary>
/// <param name="Problem">The rule that refused.</param>
/// <param name="Objection">What is wrong with the password, when it is that.</param>
sealed record Refusal(Problem Problem, PasswordViolation? Objection = null);
