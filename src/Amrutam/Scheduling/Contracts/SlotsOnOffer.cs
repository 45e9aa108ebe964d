using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Scheduling.Contracts;

/// <summary>Counts the slots that a patient can book now.</summary>
sealed class SlotsOnOffer(NpgsqlDataSource db, SchedulingSettings settings)
{
    /// <summary>The highest count. A page that is shown to a person needs no exact number above it, and the count reads
    /// each slot.</summary>
    public const int Most = 10_000;

    /// <returns>At most <see cref="Most"/>.</returns>
    public Task<long> Count(CancellationToken ct) =>
        db.Statement(CountBookable).With(settings.VerifiedDoctorsOnly).With(Most).Value<long>(ct);

    const string CountBookable = """
        select count(*) from (
            select from scheduling.bookable_slots($1) order by starts_at limit $2) s
        """;
}
