using Amrutam.Audit.Sealing;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Audit.Sealing;

public sealed class SealTests(TestCluster cluster) : IAsyncLifetime
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("amrutam-seals-");
    Database _database = null!;
    NpgsqlDataSource _owner = null!;
    Sealer _sealer = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.NewDatabase();
        _owner = NpgsqlDataSource.Create(_database.Owner);
        _sealer = Sealer.Over(_database, _folder.FullName);
    }

    [Fact]
    public async Task Every_event_is_under_one_seal_of_a_chain_that_is_also_published_outside()
    {
        for (var range = 0; range < 3; range++)
        {
            for (var i = 0; i < 5; i++) await Append();
            await _sealer.SealAll();
        }
        (await _sealer.Broken()).ShouldBeNull();
        var sight = _sealer.State.Last!;
        // The creation of the first key is an event too.
        sight.Events.ShouldBe(3 * 5 + 1);
        sight.Published.ShouldBe(sight.Seals);
        sight.LastSealedAt.ShouldNotBeNull();
        for (var number = 1L; number <= sight.Seals; number++)
            _sealer.Folder!.Find(number)!.Number.ShouldBe(number);
        _sealer.Folder!.Newest().ShouldBe(sight.Seals);
    }

    [Fact]
    public async Task The_age_of_unpublished_seals_rises_while_the_folder_is_away()
    {
        await Append();
        await _sealer.SealAll();
        (await UnpublishedAge()).ShouldBe(0);
        var aside = _folder.FullName + "-aside";
        Directory.Move(_folder.FullName, aside);
        await File.WriteAllTextAsync(_folder.FullName, "not a folder");
        await Append();
        await _sealer.SealAll();
        var first = await UnpublishedAge();
        first.ShouldBeGreaterThan(0);
        await Append();
        await _sealer.SealAll();
        (await UnpublishedAge()).ShouldBeGreaterThan(first, "the oldest counts");
        File.Delete(_folder.FullName);
        Directory.Move(aside, _folder.FullName);
        await _sealer.Pass();
        (await UnpublishedAge()).ShouldBe(0);
        _sealer.Folder!.Newest().ShouldBe(await Seals());
    }

    async Task<double> UnpublishedAge()
    {
        await using var services = new ServiceCollection().AddSingleton(_sealer.Db).AddSingleton(_sealer.State)
            .BuildServiceProvider();
        return (await SealLog.ReadUnpublishedAge(services, CancellationToken.None)).ShouldHaveSingleItem().Value;
    }

    [Fact]
    public async Task Nothing_to_seal_makes_no_seal()
    {
        await _sealer.SealAll();
        await _sealer.Pass();
        (await Seals()).ShouldBe(0);
        (await _sealer.Broken()).ShouldBeNull();
    }

    [Fact]
    public async Task An_open_transaction_holds_back_later_events_and_never_the_sealer_or_a_writer()
    {
        await Append();
        await _sealer.SealAll();
        await _owner.InTransaction(async late =>
        {
            await late.Append("things.late", "thing", Guid.CreateVersion7());
            await Append();
            // Both calls return while the transaction is open.
            await _sealer.Pass();
            await _sealer.Pass();
            _sealer.State.Last!.OldestUnsealedAt.ShouldNotBeNull();
            (await Sealed()).ShouldNotContain("things.late");
            return 0;
        });
        await _sealer.SealAll();
        (await Sealed()).ShouldContain("things.late");
        (await _sealer.Broken()).ShouldBeNull();
    }

    [Fact]
    public async Task A_writer_does_not_wait_for_a_sealer_that_stands_still_in_the_middle()
    {
        await Append();
        // The lock stops the sealer at its insert, with its transaction open and everything read.
        await _owner.InTransaction(async connection =>
        {
            await connection.Statement("lock table audit.seals in share mode").Execute();
            var passing = _sealer.Pass();
            await Until(() => _owner.Statement(SealerWaits).Value<bool>());
            await _owner.InTransaction(async writer =>
            {
                await writer.Statement("set local lock_timeout = '1ms'").Execute();
                return await writer.Append("things.changed", "thing", Guid.CreateVersion7());
            });
            passing.IsCompleted.ShouldBeFalse();
            await connection.Statement("select 1").Execute();
            return passing;
        }).Unwrap();
        await _sealer.SealAll();
        (await _sealer.Broken()).ShouldBeNull();
    }

    [Fact]
    public async Task Two_replicas_seal_one_chain_under_writers_that_commit_out_of_order()
    {
        await using var other = Sealer.Over(_database, _folder.FullName);
        using var stop = new CancellationTokenSource();
        var sealing = Task.WhenAll(new[] { _sealer, other }.Select(async sealer =>
        {
            while (!stop.IsCancellationRequested) await sealer.Pass();
        }));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            var random = new Random(writer);
            for (var i = 0; i < 40; i++)
                await _owner.InTransaction(async connection =>
                {
                    await connection.Append("things.changed", "thing", Guid.CreateVersion7());
                    await Pause(random.Next(4));
                    return 0;
                });
        }));
        await stop.CancelAsync();
        await sealing;
        await _sealer.SealAll();
        _sealer.State.Last!.Events.ShouldBe(8 * 40 + 1);
        _sealer.State.Last.Seals.ShouldBeGreaterThan(1);
        (await _sealer.Broken()).ShouldBeNull();
    }

    [Fact]
    public async Task After_a_new_key_the_chain_goes_on_and_older_seals_stay_valid()
    {
        await Append();
        await _sealer.SealAll();
        var kid = await _sealer.Keys.Rotate();
        await _sealer.SealAll();
        (await _owner.Statement("select kid from audit.seals order by number desc limit 1").Value<string>())
            .ShouldBe(kid);
        (await _owner.Statement("select count(distinct kid) from audit.seals").Value<long>()).ShouldBe(2);
        (await _sealer.Broken()).ShouldBeNull();
    }

    [Fact]
    public async Task A_folder_that_was_away_gets_the_seals_that_it_missed()
    {
        await Append();
        await _sealer.SealAll();
        var folder = Path.Combine(_folder.FullName, "000000");
        Directory.Delete(folder, recursive: true);
        // A file in place of the folder has the effect of a missing disk.
        await File.WriteAllTextAsync(folder, "");
        await Append();
        await using var later = Sealer.Over(_database, _folder.FullName);
        await later.SealAll();
        (await Seals()).ShouldBeGreaterThan(1);
        later.State.Last!.Published.ShouldNotBe(later.State.Last.Seals);
        File.Delete(folder);
        await later.SealAll();
        later.State.Last!.Published.ShouldBe(later.State.Last.Seals);
        (await later.Broken()).ShouldBeNull();
    }

    [Fact]
    public async Task A_row_has_one_text_under_all_settings_and_wordings()
    {
        const string Id = "0193f7f2-5b1e-7c3a-9f2e-1f4b8c9d0e11";
        await _owner.Append("things.changed", "thing", Guid.Parse(Id),
            """{"b": 1.50, "a": ["\u0915", "\"\n", null, {"z": 12345678901234567890, "y": -0.0}]}""",
            at: "2026-11-02T05:30:00.000001+05:30", actor: Guid.Parse(Id));
        var (epoch, position, tx) = (await _owner.Statement("select epoch, position, tx from audit.events")
            .List(row => (row.GetInt32(0), row.GetInt64(1), row.GetFieldValue<ulong>(2))))[0];
        var expected = $$"""
            {"action":"things.changed","actor_id":"{{Id}}","at":"2026-11-02T00:00:00.000001Z",
            "details":{"a":["\u0915","\"\n",null,{"y":0,"z":12345678901234567890}],"b":1.5},"entity":"thing",
            "entity_id":"{{Id}}","epoch":{{epoch}},"position":{{position}},"tx":{{tx}}}
            """.ReplaceLineEndings("").Replace("\\u0915", "\u0915");
        foreach (var session in new[] { "UTC", "Asia/Kolkata", "America/St_Johns" })
            (await Text($"set time zone '{session}'; set extra_float_digits = 0; set datestyle = 'SQL, DMY'"))
                .ShouldBe(expected);
    }

    /// <summary>SQL null and the JSON value null differ, so their texts differ too.</summary>
    [Fact]
    public async Task Rows_that_differ_have_texts_that_differ()
    {
        await _owner.Append("things.changed", "thing", null);
        var without = await Text("select 1");
        await _owner.Statement("update audit.events set details = 'null'").Execute();
        (await Text("select 1")).ShouldNotBe(without);
        await _owner.Statement("update audit.events set details = null, trace_id = ''").Execute();
        (await Text("select 1")).ShouldNotBe(without);
    }

    /// <summary>Each change writes one event and hashes it, so hashing must allocate little.</summary>
    [Fact]
    public async Task To_hash_an_event_allocates_the_hash_and_nothing_else()
    {
        const int Events = 20, MostBytes = 80;
        for (var n = 0; n < Events; n++)
            await _owner.Append("things.changed", "thing", Guid.CreateVersion7(),
                """{"of": {"b": "\"", "a": [1, 2]}, "n": 1.50}""", actor: Guid.CreateVersion7());
        var text = new EventText();
        var allocated = await _owner.Statement($"select {EventText.Columns} from audit.every_event").List(row =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            text.Hash(row);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
        // The first events let the buffer grow.
        allocated.Min().ShouldBeLessThan(MostBytes);
    }

    async Task<string> Text(string session)
    {
        await using var connection = await _owner.OpenConnectionAsync();
        await connection.Statement(session).Execute();
        return (await connection.Statement($"select {EventText.Columns} from audit.every_event")
            .One(row => new EventText().Text(row)))!;
    }

    Task<int> Append() => _owner.Append("things.changed", "thing", Guid.CreateVersion7(), """{"n": 1}""");

    Task<long> Seals() => _owner.Statement("select count(*) from audit.seals").Value<long>();

    Task<List<string>> Sealed() => _owner.Statement("""
        select e.action from audit.events e where e.position in (select unnest(positions) from audit.seals)
        """).List(row => row.GetString(0));

    const string SealerWaits = """
        select exists (select from pg_locks where not granted and relation = 'audit.seals'::regclass
                          and database = (select oid from pg_database where datname = current_database()))
        """;

    public async ValueTask DisposeAsync()
    {
        await _sealer.DisposeAsync();
        await _owner.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
