using System.Globalization;
using Amrutam.Platform;
using Npgsql;

namespace Amrutam.Audit.Sealing;

/// <summary>Where an event stands in the order that the log is sealed in.</summary>
/// <remarks>Not by position alone: positions become visible out of order, transactions below every running one do
/// not.</remarks>
readonly record struct LogPlace(int Epoch, ulong Tx, long Position)
{
    /// <summary>Before every event.</summary>
    public static LogPlace Start => default;

    public bool IsAfter(LogPlace other) =>
        (Epoch, Tx, Position).CompareTo((other.Epoch, other.Tx, other.Position)) > 0;

    /// <summary>As it stands in a seal's text.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"[{Epoch},{Tx},{Position}]");

    /// <summary>Reads it from three columns that follow each other.</summary>
    public static LogPlace Read(NpgsqlDataReader row, int column) =>
        new(row.GetInt32(column), row.GetFieldValue<ulong>(column + 1), row.GetInt64(column + 2));
}

static class LogPlaces
{
    public static Statement WithPlace(this Statement statement, LogPlace place) =>
        statement.With(place.Epoch).With(place.Tx).With(place.Position);
}
