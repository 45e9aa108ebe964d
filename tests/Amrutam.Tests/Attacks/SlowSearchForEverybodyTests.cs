using System.Text;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Attacks;

/// <summary>An unverified doctor writes invented words that sound like a common name, to slow the search for
/// everybody.</summary>
public sealed class SlowSearchForEverybodyTests(TestCluster cluster) : IAsyncLifetime
{
    TestServer _server = null!;
    TestUser _attacker = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.Start(await cluster.NewDatabase(), "--Doctors:RequireVerification=true",
            "--Limits:ProfileChangesPerDoctor=3");
        _attacker = await _server.User("doctor");
        (await _attacker.Http.Post("/api/doctors/profile",
            new { full_name = "Anil", specialization = "Rasayana", experience = 1, bio = Invented(0) })).Is(201);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Words_leave_the_index_with_their_text()
    {
        var before = await CountWords();
        (await _attacker.Http.Patch("/api/doctors/profile", new { bio = Invented(1) })).Is(200);
        (await _attacker.Http.Patch("/api/doctors/profile", new { bio = "Sleep." })).Is(200);
        before.ShouldBeGreaterThan(100);
        (await Words()).ShouldBe(["anil", "rasayana", "sleep"]);
    }

    [Fact]
    public async Task Words_count_for_the_search_only_while_their_doctor_is_verified()
    {
        (await Query("sharma")).ShouldBe("'sharma':*");
        await Verify(true);
        (await Query("sharma"))!.ShouldContain("|");
        await Verify(false);
        (await Query("sharma")).ShouldBe("'sharma':*");
    }

    [Fact]
    public async Task The_words_of_one_query_have_a_bound_even_if_their_doctors_are_verified()
    {
        await Verify(true);
        var query = await Query(string.Join(' ', Enumerable.Range(0, 20).Select(n => "sharma" + Vowels(n))));
        query!.Count(sign => sign is '|' or '&').ShouldBeLessThan(8 * (16 + 1));
    }

    [Fact]
    public async Task Profile_changes_are_limited_and_the_answer_names_the_wait()
    {
        for (var n = 0; n < 3; n++) (await Change(n)).Is(200);
        var refused = (await Change(3)).Is(429, "too_many_profile_changes");
        int.Parse(refused.Header("Retry-After")!).ShouldBeInRange(1, 3600);
        (await _attacker.Http.Get("/api/doctors/profile")).Is(200)["bio"].ShouldBe("2");
        (await Change(2)).Is(200);
        await _server.Owner.Statement("update doctors.profiles set changes_since = changes_since - interval '1 hour'")
            .Execute();
        (await Change(3)).Is(200);
    }

    [Fact]
    public async Task Changes_at_once_do_not_pass_the_limit()
    {
        var replies = await Task.WhenAll(Enumerable.Range(0, 12).Select(Change));
        replies.Count(reply => reply.Status == 200).ShouldBe(3);
    }

    Task<Reply> Change(int n) => _attacker.Http.Patch("/api/doctors/profile", new { bio = n.ToString() });

    Task Verify(bool verified) => _server.Owner
        .Statement("update doctors.profiles set verified_at = case when $1 then now() end").With(verified).Execute();

    Task<string?> Query(string typed) =>
        _server.Owner.Statement("select doctors.query_of($1, '', true)::text").With(typed).Value<string>();

    Task<long> CountWords() => _server.Owner.Statement("select count(*) from doctors.words").Value<long>();

    Task<List<string>> Words() =>
        _server.Owner.Statement("select word from doctors.words order by word").List(row => row.GetString(0));

    /// <summary>A description of words that all sound like sharma.</summary>
    static string Invented(int from) =>
        string.Join(' ', Enumerable.Range(from * 140, 140).Select(n => "sharma" + Vowels(n)));

    static string Vowels(int n)
    {
        var letters = new StringBuilder();
        for (; n > 0; n /= 5) letters.Append("aeiou"[n % 5]);
        return letters.ToString();
    }
}
