using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Attacks.Floods;

/// <summary>Clients ask for large answers and do not read them, to keep what the server holds for each.</summary>
public sealed class SlowReaderTests(TestCluster cluster) : IAsyncLifetime
{
    // One more than the pool has connections, and more than the kernel takes of an answer that nobody reads.
    const int Readers = 33, ExportRows = 1_500, RowBytes = 8_000;

    TestServer _server = null!;

    public async ValueTask InitializeAsync() =>
        _server = await TestServer.Start(await cluster.NewDatabase(), "--Http:MaxResponseSeconds=20");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Slow_readers_of_exports_keep_no_connection_to_the_database()
    {
        var (doctor, patient) = (await _server.Doctor(), await Person.SignUp(_server));
        var slot = await doctor.Slot();
        var readers = new List<RawConnection>();
        try
        {
            for (var n = 0; n < Readers; n++)
            {
                var reader = await RawConnection.Open(_server.Address);
                readers.Add(reader);
                await reader.Send("GET", "/api/me/export", (await WithMuchData()).Http);
                (await reader.Read()).ShouldStartWith("HTTP/1.1 200");
            }
            (await patient.Http.Post("/api/bookings", new { slot_id = slot })).Is(201);
            (await patient.TryToSignIn()).Is(200);
            (await patient.Http.Get("/api/bookings")).Is(200);
            (await _server.Anonymous().Get("/health/ready")).Is(200);
            (await _server.Owner.Statement(CountInUse).Value<long>()).ShouldBe(0);
        }
        finally
        {
            readers.ForEach(reader => reader.Dispose());
        }
    }

    [Fact]
    public async Task A_reader_that_takes_too_long_loses_the_connection()
    {
        await using var server = await TestServer.Start(_server.Database, "--Http:MaxResponseSeconds=1");
        using var reader = await RawConnection.Open(server.Address);
        await reader.Send("GET", "/api/me/export", (await WithMuchData(server)).Http);
        (await reader.Read()).ShouldStartWith("HTTP/1.1 200");
        (await reader.ReadSlowly()).ShouldBeLessThan((long)ExportRows * RowBytes);
    }

    [Fact]
    public async Task An_account_has_one_export_at_a_time()
    {
        var person = await WithMuchData();
        using var reader = await RawConnection.Open(_server.Address);
        await reader.Send("GET", "/api/me/export", person.Http);
        (await reader.Read()).ShouldStartWith("HTTP/1.1 200");
        (await person.Http.Get("/api/me/export")).Is(429, "too_many_at_once");
        (await (await _server.User("patient")).Http.Get("/api/me/export")).Is(200);
    }

    /// <summary>Answers are complete before they are sent, except through <c>Downloads</c>. Rows are read in parts
    /// only where the export writes its file.</summary>
    [Fact]
    public void Only_downloads_are_sent_in_parts()
    {
        FilesWith("Results.Stream(", "Results.PushStream", "Results.ServerSentEvents", "CopyToAsync(http.Response")
            .ShouldBe(["src/Amrutam.Platform/Http/Limits/Downloads.cs"]);
        FilesWith("IAsyncEnumerable<").ShouldBe(["src/Amrutam.Platform/Data/Sql.cs"]);
        FilesWith(".Stream(row").ShouldBe(["src/Amrutam/Identity/Privacy/ExportMe.cs"]);

        static IEnumerable<string> FilesWith(params string[] texts) => Tidy.Tree.Files.Where(file =>
            file.StartsWith("src/", StringComparison.Ordinal) && file.EndsWith(".cs", StringComparison.Ordinal)
            && texts.Any(File.ReadAllText(Tidy.Tree.Path(file)).Contains));
    }

    async Task<TestUser> WithMuchData(TestServer? server = null)
    {
        var person = await (server ?? _server).User("patient");
        await _server.Owner.Statement(AddMuch).With(person.Id).With(ExportRows).With(RowBytes).Execute();
        return person;
    }

    const string AddMuch = """
        insert into platform.idempotency_keys (user_id, route, key, fingerprint, status, body)
        select $1, 'POST /api/bookings', n::text, '\x00', 201, to_json(repeat('x', $3))::text
          from generate_series(1, $2) n
        """;

    // Sessions of the pool inside a statement or transaction; none holds one while its client reads.
    const string CountInUse = """
        select count(*) from pg_stat_activity
         where datname = current_database() and application_name = 'amrutam' and query like '%remembered%'
           and state <> 'idle'
        """;
}
