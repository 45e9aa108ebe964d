using Amrutam.Platform.Data;
using Amrutam.Platform.Modules;
using Amrutam.Tests.Platform.Modules.Toys;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using Amrutam.Tests.Tidy;
using Microsoft.Extensions.DependencyInjection;
using static Amrutam.Tests.Support.Waiting;

namespace Amrutam.Tests.Platform.Modules;

/// <summary>A module of the tests beside the product's modules: migrated, served, exported and erased.</summary>
public sealed class ToysModuleTests(TestCluster cluster) : IAsyncLifetime
{
    const int MostEdits = 12;

    static readonly IReadOnlyList<IModule> WithToys = [.. Program.Modules, new ToysModule()];

    Database _database = null!;
    TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.NewDatabase();
        (await Migrator.Migrate(_database.Owner, WithToys, CancellationToken.None)).Applied.ShouldBe(["9000_toys"]);
        _server = await TestServer.Start(_database, WithToys);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Its_routes_its_setting_and_its_problem_work()
    {
        var patient = await _server.User("patient");
        var toy = (await patient.Http.Post("/api/test/toys", new { name = "top" })).Is(201).Id;
        (await patient.Http.Get($"/api/test/toys/{toy}")).Is(200).Body.GetProperty("name").GetString().ShouldBe("top");
        (await (await _server.User("patient")).Http.Get($"/api/test/toys/{toy}")).Is(404, "not_found");
        (await (await _server.User("doctor")).Http.Post("/api/test/toys", new { name = "top" }))
            .Is(403, "role_may_not");
        (await patient.Http.Post("/api/test/toys", new { name = "kite" })).Is(201);
        (await patient.Http.Post("/api/test/toys", new { name = "ball" })).Is(409, "most_toys_per_person");
        (await _server.Anonymous().Get("/problems/most_toys_per_person")).Is(200);
    }

    [Fact]
    public async Task Its_events_reach_its_reader_and_its_job_runs()
    {
        var patient = await _server.User("patient");
        (await patient.Http.Post("/api/test/toys", new { name = "broken" })).Is(201);
        await Until(async () =>
            (await _server.Anonymous().Get("/api/test/toys/count")).Is(200).Body.GetProperty("made").GetInt64() == 1);
        await Until(async () => await _server.Owner.Statement("select count(*) from toys.toys").Value<long>() == 0);
    }

    [Fact]
    public async Task Its_personal_data_is_exported()
    {
        var patient = await _server.User("patient");
        (await patient.Http.Post("/api/test/toys", new { name = "top" })).Is(201);
        (await patient.Http.Get("/api/me/export")).Is(200).Body.GetProperty("toys").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public void Its_parts_are_declared()
    {
        var toys = _server.App.Services.GetRequiredService<IReadOnlyList<DeclaredModule>>().Single(m =>
            m.Module is ToysModule);
        toys.Settings.ShouldBe([typeof(ToysSettings)]);
        toys.Jobs.ShouldBe([typeof(ThrowAwayToys)]);
        toys.EventReaders.ShouldBe([typeof(CountToys)]);
        toys.Tables.Select(t => t.Name).ShouldBe(["toys.toys", "toys.totals"]);
    }

    [Fact]
    public void A_setting_of_it_that_is_not_known_stops_the_start() =>
        Should.Throw<StartupException>(() => Program.Build(["--Toys:Colour=red"], _database, WithToys))
            .Message.ShouldContain("Toys__Colour");

    [Fact]
    public void The_page_on_a_new_module_lists_at_most_12_edits() =>
        Tree.Lines("docs/adding-a-module.md").Count(line => line.Length > 0 && char.IsAsciiDigit(line[0]))
            .ShouldBeInRange(1, MostEdits);
}
