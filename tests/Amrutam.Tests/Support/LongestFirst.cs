using Amrutam.Tests.Support;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Amrutam.Tests.Support;

/// <summary>Starts the collections that take minutes first. A long one at the end would leave the other cores
/// idle.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    static readonly string[] Names = [nameof(EmbeddedPostgres.PrivatePostgresTests), Browser.OneAtATime,
        nameof(Races.StormTests), nameof(Races.ReaderRaces), nameof(Audit.Sealing.SealerKilledTests)];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections) where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => Place(collection.TestCollectionDisplayName))];

    static int Place(string collection)
    {
        var place = Array.FindIndex(Names, name => collection.Contains(name, StringComparison.Ordinal));
        return place < 0 ? Names.Length : place;
    }
}
