using System.Security.Cryptography;
using Amrutam.Identity.Encryption;
using Amrutam.Identity.Passwords;
using Amrutam.Identity.Registration;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Identity.Encryption;

/// <summary>The key that encrypts secrets, and the queue of password hashes.</summary>
public sealed class SecretsTests : IDisposable
{
    readonly string _directory = Directory.CreateTempSubdirectory("amrutam-key-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_secret_decrypts_for_its_own_purpose_and_with_its_own_key_only()
    {
        var box = new SecretEncryption(RandomNumberGenerator.GetBytes(32));
        var sealedSecret = box.Encrypt("a secret"u8, "this");
        box.Decrypt(sealedSecret, "this").ShouldBe("a secret"u8.ToArray());
        Should.Throw<CryptographicException>(() => box.Decrypt(sealedSecret, "that"));
        Should.Throw<CryptographicException>(() =>
            new SecretEncryption(RandomNumberGenerator.GetBytes(32)).Decrypt(sealedSecret, "this"));
        sealedSecret[^1] ^= 1;
        Should.Throw<CryptographicException>(() => box.Decrypt(sealedSecret, "this"));
        Should.Throw<CryptographicException>(() => box.Decrypt([1, 2, 3], "this"));
    }

    [Fact]
    public void The_first_start_makes_a_key_file_that_only_its_owner_reads_and_later_ones_use_it()
    {
        var sealedSecret = SecretEncryption.OfInstallation(new(), _directory).Encrypt("a secret"u8, "this");
        SecretEncryption.OfInstallation(new(), _directory).Decrypt(sealedSecret, "this")
            .ShouldBe("a secret"u8.ToArray());
        var file = Directory.EnumerateFiles(_directory).ShouldHaveSingleItem();
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task Starts_at_once_use_one_key()
    {
        var boxes = await Task.WhenAll(Enumerable.Range(0, 20)
            .Select(_ => Task.Run(() => SecretEncryption.OfInstallation(new(), _directory))));
        var sealedSecret = boxes[0].Encrypt("a secret"u8, "this");
        boxes.ShouldAllBe(box => box.Decrypt(sealedSecret, "this").Length == 8);
        Directory.EnumerateFiles(_directory).Count().ShouldBe(1, "no draft is left behind");
    }

    [Theory]
    [InlineData("too short")]
    [InlineData("")]
    [InlineData("AAAA")]
    public void A_key_that_is_none_stops_the_start_in_one_line(string given) =>
        Should.Throw<StartupException>(() => SecretEncryption.OfInstallation(
            new() { KeyEncryptionKey = given }, _directory))
            .Message.ShouldContain("Identity__KeyEncryptionKey");

    [Fact]
    public async Task A_full_queue_of_hashes_refuses_more()
    {
        using var queue = new PasswordHashingQueue();
        var gate = new TaskCompletionSource<int>();
        var waiting = Enumerable.Range(0, 1000).Select(_ => queue.Run(() => gate.Task)).ToList();
        var refused = waiting.Where(task => task.IsFaulted).ToList();
        refused.Count.ShouldBeInRange(600, 800);
        refused.ShouldAllBe(task => task.Exception!.InnerException is OverloadedException);
        gate.SetResult(0);
        await Task.WhenAll(waiting.Except(refused));
    }
}

public sealed class CreateAdminTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task The_first_admin_is_made_without_the_API_and_can_sign_in()
    {
        await CreateAdmin.Run(fixture.Server.App.Services, "chief@example.org", Person.Password);
        var tokens = (await fixture.Server.Anonymous()
            .Post("/api/auth/login", new { email = "chief@example.org", password = Person.Password })).Is(200);
        (await fixture.Server.Anonymous().Send(HttpMethod.Get, "/api/admin/users",
            headers: ("Authorization", "Bearer " + tokens["access_token"]))).Is(200);
    }

    [Theory]
    [InlineData("chief2@example.org", "password1")]
    [InlineData("no address", Person.Password)]
    public async Task A_weak_password_and_a_wrong_address_are_refused_in_one_line(string email, string password) =>
        (await Should.ThrowAsync<StartupException>(() => CreateAdmin.Run(fixture.Server.App.Services, email, password)))
            .Message.ShouldNotContain("\n");
}
