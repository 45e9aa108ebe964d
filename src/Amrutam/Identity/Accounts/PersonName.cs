using Amrutam.Platform.Http.Binding;

namespace Amrutam.Identity.Accounts;

/// <summary>The full name of a person: free text of at most 200 characters.</summary>
static class PersonName
{
    public const int MaxLength = 200;

    /// <returns>The name in the form that is stored, or null without one.</returns>
    public static string? Parse(RequestValidation fields, string? text) => fields.Name("full_name", text, MaxLength);
}
