namespace Amrutam.Platform.Http.Problems;

/// <summary>A kind of refusal: its HTTP status, its code and a sentence for people.</summary>
/// <remarks>Each module keeps its problems in static fields. OpenAPI and docs/status-codes.md are made from
/// them.</remarks>
/// <param name="Code">In snake case. If the database enforces the rule, the code is the constraint's name.</param>
sealed record Problem(int Status, string Code, string Title)
{
    public string Type => "/problems/" + Code;

    /// <summary>True if it limits how much one person has or does. Its responses are counted as those of a
    /// limit.</summary>
    public bool IsLimit { get; init; }
}
