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

    public IReadOnlyDictionary<string, string[]> Errors => _errors ?? [];

    public ProblemHttpResult Problem() => CommonProblems.Fields(_errors ?? []);

    public RequestValidation Refuse(bool when, string field, string error)
    {
        if (!when) return this;
        _errors ??= new(StringComparer.Ordinal);
        _errors[field] = _errors.TryGetValue(field, out var earlier) ? [.. earlier, error] : [error];
        return this;
    }

    /// <summary>A word out of a list; null, which is no word, is let pass.</summary>
    public RequestValidation OneOf(string field, string? value, IReadOnlyList<string> words) =>
        Refuse(value is not null && !words.Contains(value), field, "must be one of " + string.Join(", ", words));

    /// <summary>Free text of a person, in NFC and trimmed.</summary>
    /// <param name="max">The largest number of code points.</param>
    /// <returns>The text to store; empty text becomes null.</returns>
    public string? Text(string field, string? value, int max, bool required = false) =>
        Read(field, value, max, required, TextRules.ViolationOfText);

    /// <summary>The name of a person or a thing: one line, each word in one script.</summary>
    /// <inheritdoc cref="Text"/>
    public string? Name(string field, string? value, int max, bool required = false) =>
        Read(field, value, max, required, TextRules.ViolationOfName);

    string? Read(string field, string? value, int max, bool required, Func<string, string?> violationOf)
    {
        var text = value is null ? null : (UnicodeText.Normal(value, NormalizationForm.FormC) ?? value).Trim();
        Refuse(required && string.IsNullOrEmpty(text), field, "is required");
        if (string.IsNullOrEmpty(text)) return null;
        Refuse(UnicodeText.Length(text) > max, field, $"is longer than {max} characters");
        if (violationOf(text) is { } violation) Refuse(true, field, violation);
        return text;
    }
}
