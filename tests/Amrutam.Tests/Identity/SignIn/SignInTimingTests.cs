using System.Diagnostics;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Identity.SignIn;

/// <summary>The time of an answer does not show whether an address has an account.</summary>
public sealed class SignInTimingTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    const int Samples = 500, WarmUp = 20;

    // The probability of an equal or greater difference between equal samples. Below it the samples count as different.
    const double LeastChance = 0.01;

    [Fact]
    public async Task An_unknown_address_and_a_wrong_password_take_the_same_time()
    {
        await Person.SignUp(fixture.Server, "known");
        using var client = fixture.Server.Anonymous();
        var (chance, told) = await Compare(client);
        // One run in a hundred falls below by chance. A real difference shows in the second run too.
        if (chance <= LeastChance) (chance, told) = await Compare(client);
        chance.ShouldBeGreaterThan(LeastChance, told);
    }

    static async Task<(double Chance, string Told)> Compare(HttpClient client)
    {
        var (unknown, wrong) = (new double[Samples], new double[Samples]);
        for (var i = -WarmUp; i < Samples; i++)
        {
            // The two take turns in both orders, so that other load on the machine affects them equally.
            var first = await Time(client, i % 2 == 0 ? "nobody" : "known");
            var second = await Time(client, i % 2 == 0 ? "known" : "nobody");
            if (i >= 0) (unknown[i], wrong[i]) = i % 2 == 0 ? (first, second) : (second, first);
        }
        var chance = MannWhitney(unknown, wrong);
        var told = $"p = {chance:0.000}; medians {Median(unknown):0.00} and {Median(wrong):0.00} ms";
        TestContext.Current.SendDiagnosticMessage(told);
        return (chance, told);
    }

    [Fact]
    public void The_test_distinguishes_samples_that_differ()
    {
        var random = new Random(1);
        double[] Around(double mean) =>
            [.. Enumerable.Range(0, Samples).Select(_ => mean + 10 * (random.NextDouble() + random.NextDouble() - 1))];
        MannWhitney(Around(100), Around(100)).ShouldBeGreaterThan(LeastChance);
        MannWhitney(Around(100), Around(102)).ShouldBeLessThan(LeastChance);
    }

    static async Task<double> Time(HttpClient client, string name)
    {
        var began = Stopwatch.GetTimestamp();
        (await client.Post("/api/auth/login", new { email = name + "@example.org", password = "wrong-guess-1" }))
            .Is(401, "invalid_credentials");
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    /// <summary>The two-sided Mann-Whitney U test by its normal approximation, which is good from twenty samples
    /// on.</summary>
    static double MannWhitney(double[] a, double[] b)
    {
        var ranked = a.Select(v => (Value: v, IsA: true)).Concat(b.Select(v => (Value: v, IsA: false)))
            .OrderBy(v => v.Value).ToList();
        var rankSum = ranked.Index().Where(v => v.Item.IsA).Sum(v => v.Index + 1.0);
        var u = rankSum - a.Length * (a.Length + 1) / 2.0;
        var (mean, deviation) = (a.Length * b.Length / 2.0,
            Math.Sqrt(a.Length * (double)b.Length * (a.Length + b.Length + 1) / 12));
        return 2 * (1 - Normal(Math.Abs(u - mean) / deviation));
    }

    /// <summary>The normal distribution function (Abramowitz and Stegun 26.2.17, good to seven digits).</summary>
    static double Normal(double z)
    {
        var t = 1 / (1 + 0.2316419 * z);
        var tail = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
        return 1 - Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI) * tail;
    }
}
