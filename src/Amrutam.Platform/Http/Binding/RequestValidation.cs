using System.Text;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Platform.Http.Binding;

/// <summary>Collects the errors of a request's fields, so that one response names all of them.</summary>
sealed class RequestValidation
{
    // It is null because almost every request has no errors.
    Dictionary<string, string[]>? _errors;

    public bool Wrong => _errors is not null;

    public ProblemHttpResult Problem() => CommonProblems.Fields(_errors ?? []);

    public RequestValidation Refuse(bool when, string field, string error)
    {
        if (!when) return this;
        _errors ??= new(StringComparer.Ordinal);
        _errors[field] = _errors.TryGetValue(field, out var earlier) ? [.. earlier, error] : [error];
        return this;
    }

    /// <summary>Text from a person: NFC, without U+0000 or lone surrogates, trimmed, at most <paramref name="max"/>
    /// UTF-16 units.</summary>
    /// <returns>The text to store; empty text becomes null.</returns>
    public string? Text(string field, string? value, int max, bool required = false)
    {
        var text = value is null || !WellFormed(value) ? value : value.Normalize(NormalizationForm.FormC).Trim();
        Refuse(required && string.IsNullOrEmpty(text), field, "is required");
        if (string.IsNullOrEmpty(text)) return null;
        Refuse(text.Length > max, field, $"is longer than {max} characters");
        Refuse(!WellFormed(text), field, "has a character that is not allowed");
        return text;
    }

    /// <summary>True if PostgreSQL can store the text and a screen can show it: no U+0000, no lone surrogate.</summary>
    public static bool WellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0') return false;
            if (!char.IsSurrogate(text[i])) continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char
                .IsLowSurrogate(text[i + 1])) return false;
            i++;
        }
        return true;
    }
}
