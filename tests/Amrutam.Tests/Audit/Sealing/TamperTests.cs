using Amrutam.Audit.Sealing;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;
using Npgsql;

namespace Amrutam.Tests.Audit.Sealing;

/// <summary>Manipulations by a superuser, on a copy of a sealed database.</summary>
public sealed class TamperTests(SealedLog log) : IClassFixture<SealedLog>
{
    /// <summary>Each way: its statements, the position of the violation (SQL over the original), and its text. The last
    /// value is true if only a checkpoint outside shows it.</summary>
    public static TheoryData<string, string, string, bool> Ways { get; } = new()
    {
        // Edited events: details, actor, time.
        { "update audit.events set details = '{\"n\": 99}' where position = 12", "12", "was changed", false },
        { "update audit.events set actor_id = gen_random_uuid() where position = 12", "12", "was changed", false },
        { "update audit.events set at = at + interval '1 microsecond' where position = 12", "12", "was changed",
            false },
        // Deleted events: one in the middle, and all.
        { "delete from audit.events where position = 12", "12", "is not there any more", false },
        { "truncate audit.events", "1", "is not there any more", false },
        // Events inserted among sealed ones.
        { """
          insert into audit.events (position, epoch, tx, at, action, entity) overriding system value
          select 0, epoch, tx, at, 'things.changed', 'thing' from audit.events where position = 12
          """, "0", "was put among events", false },
        { """
          insert into audit.events (position, epoch, tx, at, action, entity) overriding system value
          select 12, epoch, tx, at - interval '1 hour', 'things.changed', 'thing' from audit.events where position = 12
          """, "12", "", false },
        // Reordered events: two change places; one moves to the end.
        { """
          alter table audit.events alter position drop identity;
          update audit.events set position = -position where position in (12, 13);
          update audit.events set position = 25 + position where position < 0
          """, "12", "was changed", false },
        {
            "alter table audit.events alter position drop identity; "
            + "update audit.events set position = 1000 where position = 12", "12", "is not there any more", false
        },
        // Another transaction, another cluster.
        { "update audit.events set tx = '3' where position = 12", "12", "was changed", false },
        { "update audit.events set epoch = 7 where position = 12", "12", "was changed", false },
        // The end and its seals are cut off.
        { """
          delete from audit.seals where number = 4;
          delete from audit.events where position > 18
          """, "19", "is not there any more", true },
        // A seal in the middle is deleted; two seals change places.
        { "delete from audit.seals where number = 2", "7", "is missing", false },
        { """
          alter table audit.seals drop constraint seals_number_check;
          update audit.seals set number = -number where number in (2, 3);
          update audit.seals set number = 5 + number where number < 0
          """, "7", "does not continue", false },
        // An edited event with a matching hash and root, without the key.
        { """
          update audit.events set details = '{}' where position = 12;
          update audit.seals set root = sha256('made up'), leaves = overlay(leaves placing sha256('x') from 161)
           where number = 2
          """, "12", "", false },
        // The signature is removed; the key is replaced.
        { "update audit.seals set signature = '\\x00' where number = 3", "13", "has no valid signature", false },
        { "update audit.seal_keys set public_key = sha256('another')", "1", "has no valid signature", false },
        // The list of positions names another event.
        { "update audit.seals set positions[2] = 1000 where number = 3", "14", "another position", false },
        // The check's own state is no proof.
        { """
          update audit.verification set finished_at = now(), finished_seals = 4;
          delete from audit.events where position = 12
          """, "12", "is not there any more", false },
    };

    [Theory, MemberData(nameof(Ways))]
    public async Task It_is_caught_and_the_event_is_named(string tampering, string position, string says,
        bool onlyFromOutside)
    {
        await using var copy = await log.Copy();
        await copy.Owner.Statement(tampering).Execute();
        var known = await copy.Verify(log.Folder);
        known.ShouldNotBeNull();
        known.Position.ShouldBe(long.Parse(position), known.ToString());
        known.ToString().ShouldContain(says);
        var alone = await copy.Verify(null);
        if (onlyFromOutside) alone.ShouldBeNull();
        else alone.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_chain_that_is_rebuilt_whole_with_the_right_key_is_caught_by_the_checkpoints_outside()
    {
        await using var copy = await log.Copy();
        await copy.Owner.Statement("""
            update audit.events set details = '{"n": 99}' where position = 12;
            delete from audit.seals
            """).Execute();
        await using (var sealer = Sealer.Over(copy.Database)) await sealer.SealAll();
        (await copy.Verify(null)).ShouldBeNull("from the inside it is a valid chain");
        var known = await copy.Verify(log.Folder);
        known!.Position.ShouldBe(12);
        known.ToString().ShouldContain("was changed after it was sealed; seal 1 is not the one that was published");
        // One file shows the violation, and its neighbours locate it.
        var verify = new VerifyLog(copy.Owner, null);
        (await verify.Against(log.File(3), CancellationToken.None))!.Position.ShouldBe(12);
        var alone = Path.Combine(Directory.CreateTempSubdirectory("amrutam-alone-").FullName, "kept.json");
        File.Copy(log.File(2), alone);
        (await verify.Against(alone, CancellationToken.None))!.Position.ShouldBe(12, "it is in that very range");
        File.Copy(log.File(4), alone, overwrite: true);
        (await verify.Against(alone, CancellationToken.None))!.ToString()
            .ShouldBe("event 19 (seal 4) or one before it is not as it was published: "
                + "its seal was published and is not in the database");
        Directory.Delete(Path.GetDirectoryName(alone)!, recursive: true);
    }

    [Fact]
    public async Task The_original_is_valid_and_so_is_each_kept_checkpoint_of_it()
    {
        await using var copy = await log.Copy();
        (await copy.Verify(log.Folder)).ShouldBeNull();
        for (var number = 1; number <= 4; number++)
            (await new VerifyLog(copy.Owner, null).Against(log.File(number), CancellationToken.None)).ShouldBeNull();
    }

    [Theory]
    [InlineData("\"positions\"", "\"others\"")]
    [InlineData("events_before", "events_behind")]
    [InlineData("{", "[")]
    public async Task A_checkpoint_that_was_changed_is_not_compared_with(string from, string to)
    {
        await using var copy = await log.Copy();
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(log.File(2))).Replace(from, to));
        await Should.ThrowAsync<InvalidDataException>(() =>
            new VerifyLog(copy.Owner, null).Against(file, CancellationToken.None));
        File.Delete(file);
    }

    [Fact]
    public async Task The_command_says_it_in_one_line_and_by_its_exit_code()
    {
        await using var copy = await log.Copy();
        var (code, said) = await copy.Command("--checkpoint", log.File(4));
        said.ShouldBe("valid: 24 events in 4 seals, through event 24; as published in " + log.File(4));
        code.ShouldBe(0);
        (code, said) = await copy.Command();
        said.ShouldStartWith("valid: 24 events in 4 seals, through event 24; no checkpoint was given");
        code.ShouldBe(0);
        await copy.Owner.Statement("delete from audit.seals where number = 4; delete from audit.events where"
            + " position > 18").Execute();
        (await copy.Command()).Code.ShouldBe(0, "nothing inside shows it");
        (code, said) = await copy.Command("--checkpoint", log.File(4));
        said.ShouldBe("broken: event 19 (seal 4) was sealed and is not there any more; seal 4 was published and is "
            + "not in the database");
        code.ShouldBe(1);
        (code, said) = await copy.Command("--checkpoint", "/no/such/file");
        said.ShouldBe("The checkpoint cannot be compared with: /no/such/file is not there.");
        code.ShouldBe(1);
    }
}

/// <summary>24 events in four seals of six, published in a folder. The creation of the key is one of them.</summary>
public sealed class SealedLog(TestCluster cluster) : IAsyncLifetime
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("amrutam-sealed-");
    Database _database = null!;

    internal Checkpoints Folder => new(_folder.FullName);

    internal string File(int number) => Path.Combine(_folder.FullName, "000000", $"{number:D10}.json");

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.NewDatabase();
        await using var owner = NpgsqlDataSource.Create(_database.Owner);
        await using var sealer = Sealer.Over(_database, _folder.FullName);
        await sealer.Keys.Rotate();
        for (var i = 2; i <= 24; i++)
        {
            await owner.Append("things.changed", "thing", Guid.CreateVersion7(), $$"""{"n": {{i}}}""",
                actor: Guid.CreateVersion7());
            if (i % 6 == 0) await sealer.SealAll();
        }
        sealer.State.Last!.Seals.ShouldBe(4);
    }

    internal async Task<SealedCopy> Copy() => new(await cluster.CopyOf(_database));

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return default;
    }
}

/// <summary>A copy in the hands of a superuser.</summary>
sealed class SealedCopy(Database database) : IAsyncDisposable
{
    public Database Database => database;

    public NpgsqlDataSource Owner { get; } = NpgsqlDataSource.Create(database.Owner);

    public async Task<SealViolation?> Verify(Checkpoints? folder) =>
        (await new VerifyLog(Owner, folder).ToTheEnd(VerifyLog.Reached.Nothing, CancellationToken.None)).Violation;

    /// <summary>Runs the command of the real program with the server's role.</summary>
    public async Task<(int Code, string Said)> Command(params string[] more)
    {
        using var process = ServerProcess.Start(["audit", "verify", .. more], 0,
            ("ConnectionStrings__Amrutam", database.App), ("ConnectionStrings__Owner", "Host=none"));
        var said = await process.Said();
        await process.Ended();
        return (process.ExitCode, said.Trim());
    }

    public ValueTask DisposeAsync() => Owner.DisposeAsync();
}
