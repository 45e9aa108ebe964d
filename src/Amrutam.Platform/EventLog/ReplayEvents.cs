using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Platform.EventLog;

/// <summary>Lets a reader apply events again from any position, for example after a fault of the reader was mended or
/// for its parked events.</summary>
/// <remarks>The transaction that moves the cursor also undoes the effects, and holds the lock of the cursor's row. So
/// servers may go on running, and still every event has its effect once.</remarks>
static class ReplayEvents
{
    /// <param name="from">The first position to be applied again.</param>
    /// <returns>The position where the reader begins: that one, or an earlier one if the effects cannot be undone one
    /// by one.</returns>
    public static Task<long> Run(NpgsqlDataSource db, IReadEvents reader, long from) =>
        db.InTransaction(async connection =>
        {
            if (await connection.Statement(Take).With(reader.Name).List(row => row.GetInt64(0)) is not [var cursor])
                throw new StartupException($"The reader {reader.Name} has not begun yet.");
            // A later position would pass over events for good.
            if (from < 1 || from > cursor + 1)
                throw new StartupException($"The reader {reader.Name} has read to {cursor}; give a position up to it.");
            var after = await reader.Rewind(connection, from - 1);
            await connection.Statement(Unpark).With(reader.Name).With(after).Execute();
            await connection.Statement(Move).With(reader.Name).With(after).Execute();
            return after + 1;
        });

    const string Take = "select position from platform.event_readers where name = $1 for update";

    const string Unpark = "delete from platform.parked_events where reader = $1 and position > $2";

    const string Move =
        "update platform.event_readers set position = $2, tries = 0, moved_at = now() where name = $1";
}
