using System.ComponentModel.DataAnnotations;

namespace Amrutam.Doctors;

/// <summary>The limit of profile changes (section <c>Limits</c>). 0 lifts it.</summary>
sealed class DoctorsLimits
{
    // Per hour. A doctor who fills in a profile saves a few times; each save writes to the search index.
    [Range(0, int.MaxValue)] public int ProfileChangesPerDoctor { get; init; } = 20;
}
