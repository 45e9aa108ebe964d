using System.Text;
using Amrutam.Platform.Data;
using Amrutam.Platform.EventLog;
using Amrutam.Platform.Operations;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Amrutam.Tests.Support.Servers;

/// <summary>A reader that stores each event in the order of its calls. One action makes it fail.</summary>
sealed class Effect : IReadEvents
{
    public string Name => "test";

    public async Task Apply(NpgsqlConnection connection, IReadOnlyList<Event> events)
    {
        foreach (var e in events)
        {
            if (e.Action == "things.broke") throw new InvalidDataException("cannot be applied");
            await connection.Statement("insert into public.effects (position, entity_id, details) values ($1, $2, $3)")
                .With(e.Position).With(e.EntityId).With(Text(e)).Execute();
        }
    }

    static string? Text(Event e) => e.Details is null ? null : Encoding.UTF8.GetString(e.Details).Trim('"');

    public async Task<long> Rewind(NpgsqlConnection connection, long position)
    {
        await connection.Statement("delete from public.effects where position > $1").With(position).Execute();
        return position;
    }
}

/// <summary>The event reader of one server, with a pool of its own.</summary>
sealed record Replica(EventReader<Effect> Reader, EventLogWatermark Horizon, NpgsqlDataSource Db) : IAsyncDisposable
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    public static async Task MakeEffects(NpgsqlDataSource owner)
    {
        await owner.Statement("""
            create table public.effects (n bigint generated always as identity, position bigint, entity_id uuid,
                details text)
            """).Execute();
        await owner.Statement("grant insert, select, delete on public.effects to amrutam_app").Execute();
    }

    public static async Task<Replica> Start(Database database)
    {
        var db = database.Open("replica", 4, NullLoggerFactory.Instance);
        var horizon = new EventLogWatermark(db);
        var reader = new EventReader<Effect>(new(), db, horizon, TimeProvider.System,
            new(NullLogger<FailureLog>.Instance, TimeProvider.System), NullLogger<EventReader<Effect>>.Instance);
        await reader.StartAsync(CancellationToken.None);
        return new(reader, horizon, db);
    }

    public Task<List<Guid>> Effects() =>
        Db.Statement("select entity_id from public.effects order by n").List(row => row.GetGuid(0));

    public async Task ShouldHaveRead(IEnumerable<Guid> things)
    {
        (await Reader.CatchUp(Soon, CancellationToken.None)).ShouldBeTrue();
        (await Effects()).ShouldBe(things);
    }

    public async ValueTask DisposeAsync()
    {
        await Reader.StopAsync(CancellationToken.None);
        Reader.Dispose();
        Horizon.Dispose();
        await Db.DisposeAsync();
    }
}
