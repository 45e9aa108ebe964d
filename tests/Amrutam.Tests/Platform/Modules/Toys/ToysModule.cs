using System.ComponentModel.DataAnnotations;
using Amrutam.Platform.Modules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Amrutam.Tests.Platform.Modules.Toys;

/// <summary>A module with one of each part. It shows that a module needs nothing beside its own folder.</summary>
sealed class ToysModule : IModule
{
    public string Name => "Toys";

    public void Add(ModuleBuilder module)
    {
        module.AddSettings<ToysSettings>("Toys");
        module.AddJob<ThrowAwayToys>();
        module.AddEventReader<CountToys>();
        module.AddPersonalData<ToysPersonalData>();
        module.AddTables(
            new("toys", ExportedAs: "toys", Grows: true),
            new("totals", NotExported: "numbers by day"));
    }

    public void Map(IEndpointRouteBuilder routes)
    {
        var toys = routes.MapGroup("/api/test/toys").WithTags("Toys");
        MakeToy.Map(toys);
        ReadToy.Map(toys);
        CountToys.Map(toys);
    }
}

/// <summary>The section <c>Toys</c>.</summary>
sealed class ToysSettings
{
    /// <summary>The most toys that a person has.</summary>
    [Range(1, 100)] public int MostPerPerson { get; init; } = 2;
}
