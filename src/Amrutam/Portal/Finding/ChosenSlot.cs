using Amrutam.Portal.SignIn;
using NodaTime;
using NodaTime.Text;

namespace Amrutam.Portal.Finding;

/// <summary>The slot that a form names: its id, its doctor and its start, so that a page can show it also after it was
/// taken.</summary>
public readonly record struct ChosenSlot(Guid Id, Guid Doctor, Instant At)
{
    public const string Field = "slot";

    public override string ToString() => $"{Id} {Doctor} {InstantPattern.ExtendedIso.Format(At)}";

    internal static ChosenSlot? Of(IFormCollection form) => Parse(form.Field(Field));

    public static ChosenSlot? Parse(string? text) =>
        text?.Split(' ') is [var id, var doctor, var at] && Guid.TryParse(id, out var slot)
            && Guid.TryParse(doctor, out var whose)
            && InstantPattern.ExtendedIso.Parse(at) is { Success: true, Value: var start }
            ? new(slot, whose, start) : null;
}
