using Amrutam.Notifications.Mail;
using Amrutam.Platform.Data;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Servers;
using MailKit.Security;
using Npgsql;

namespace Amrutam.Tests.Notifications.Mail;

/// <summary>The real program and a mail server whose certificate the operating system trusts.</summary>
/// <remarks>Trust is a setting of the operating system, not of the program.</remarks>
public sealed class MailTlsTests(TestCluster cluster) : IAsyncLifetime
{
    const string Us = "localhost", Ram = "ram@example.org";

    readonly string _directory = Directory.CreateTempSubdirectory("amrutam-tls-").FullName;
    Database _database = null!;
    NpgsqlDataSource _owner = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.NewDatabase();
        _owner = Database.OpenUnpooled(_database.Owner, "tests");
    }

    public async ValueTask DisposeAsync()
    {
        await _owner.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(MailTls.StartTls, Us, true)]
    [InlineData(MailTls.Implicit, Us, true)]
    [InlineData(MailTls.StartTls, "mail.example.org", false)]
    internal async Task A_letter_goes_to_a_server_that_is_trusted_by_its_own_name_and_to_no_other(MailTls tls,
        string name, bool isSent)
    {
        // On other systems the runtime reads the system's store.
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SSL_CERT_FILE is OpenSSL's");
        using var certificate = Certificates.SelfSigned(name);
        var trusted = Path.Combine(_directory, "trusted.pem");
        await File.WriteAllTextAsync(trusted, certificate.ExportCertificatePem());
        await using var mail = await MailServer.Start(certificate: certificate,
            implicitTls: tls == MailTls.Implicit, asksForPassword: true);
        using var server = ServerProcess.Start("serve", 0, ("ConnectionStrings__Amrutam", _database.App),
            ("ConnectionStrings__Owner", _database.Owner), ("SSL_CERT_FILE", trusted),
            ("Identity__KeyEncryptionKey", TestServer.KeyEncryptionKey), ("Audit__CheckpointFolder", ""),
            ("Mail__Host", Us), ("Mail__Port", $"{mail.Port}"), ("Mail__Tls", $"{tls}"),
            ("Mail__PermittedReceivers", Ram),
            ("Mail__User", MailServer.User), ("Mail__Password", MailServer.Password));
        try
        {
            await server.IsReady();
            await new Outbox(_owner, new(Convert.FromBase64String(TestServer.KeyEncryptionKey))).Add(Ram, "Trust");
            await Outbox.AllTried(_owner);
            mail.Letters.Select(letter => letter.Subject).ShouldBe(isSent ? ["Trust"] : []);
        }
        finally
        {
            await server.Kill();
        }
    }

    [Theory]
    [InlineData(465, null, SecureSocketOptions.SslOnConnect)]
    [InlineData(587, null, SecureSocketOptions.StartTls)]
    [InlineData(25, null, SecureSocketOptions.StartTls)]
    [InlineData(465, MailTls.StartTls, SecureSocketOptions.StartTls)]
    [InlineData(2465, MailTls.Implicit, SecureSocketOptions.SslOnConnect)]
    [InlineData(465, MailTls.None, SecureSocketOptions.None)]
    internal void Port_465_is_encrypted_from_the_first_byte_and_no_port_is_open_unless_a_setting_says_so(int port,
        MailTls? tls, SecureSocketOptions options) =>
        SmtpMail.Security(new() { Port = port, Tls = tls }).ShouldBe(options);
}
