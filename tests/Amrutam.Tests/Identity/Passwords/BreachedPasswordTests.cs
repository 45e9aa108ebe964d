using System.Security.Cryptography;
using System.Text;
using Amrutam.Identity.Passwords;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Identity.Passwords;

public sealed class BreachedPasswordTests(TestCluster cluster) : IDisposable
{
    readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    /// <summary>Writes the published form: sorted hashes, each with its count.</summary>
    void Write(IEnumerable<string> passwords, string lineEnd = "\n", string behind = ":17") =>
        File.WriteAllText(_file, string.Concat(passwords.Select(p => Convert.ToHexString(Sha1(p)))
            .Order(StringComparer.Ordinal).Select(hash => hash + behind + lineEnd)));

#pragma warning disable CA5350 // The form of the published collections.
    static byte[] Sha1(string password) => SHA1.HashData(Encoding.UTF8.GetBytes(password));
#pragma warning restore CA5350

    [Theory]
    [InlineData(1, "\n", ":17")]
    [InlineData(2, "\r\n", ":1")]
    [InlineData(3, "\n", "")]
    [InlineData(1000, "\r\n", ":123456")]
    [InlineData(1001, "\n", ":9")]
    public void Each_password_of_the_file_is_found_and_no_other(int many, string lineEnd, string behind)
    {
        Write(Enumerable.Range(0, many).Select(i => "leaked " + i), lineEnd, behind);
        using var breached = BreachedPasswords.From(_file);
        Enumerable.Range(0, many).ShouldAllBe(i => breached.Has("leaked " + i));
        Enumerable.Range(0, 1000).ShouldAllBe(i => !breached.Has("not leaked " + i));
    }

    [Fact]
    public void Without_a_file_nothing_is_known_and_a_wrong_file_stops_the_start()
    {
        BreachedPasswords.From(null).Has("anything").ShouldBeFalse();
        Should.Throw<StartupException>(() => BreachedPasswords.From("/no/such/file"));
        File.WriteAllText(_file, "password\n123456\n");
        Should.Throw<StartupException>(() => BreachedPasswords.From(_file)).Message.ShouldNotContain("\n");
    }

    [Fact]
    public async Task A_breached_password_is_refused_with_its_reason()
    {
        Write(["copper kettle from the market"]);
        await using var server = await TestServer.Start(await cluster.NewDatabase(),
            "--Identity:BreachedPasswordsFile=" + _file);
        (await server.Anonymous().Post("/api/auth/signup",
            new { email = "someone@example.org", password = "copper kettle from the market" }))
            .Is(422, "weak_password").Text.ShouldContain("is known from a breach");
        (await server.Anonymous().Post("/api/auth/signup",
            new { email = "someone@example.org", password = "copper kettle from the bazaar" })).Is(201);
    }
}
