using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using MimeKit;
using SmtpServer;
using SmtpServer.Authentication;
using SmtpServer.ComponentModel;
using SmtpServer.Mail;
using SmtpServer.Net;
using SmtpServer.Protocol;
using SmtpServer.Storage;

namespace Amrutam.Tests.Support;

/// <summary>A real SMTP server in this process. It keeps the letters that it takes.</summary>
sealed class MailServer : IAsyncDisposable
{
    /// <summary>The account that may sign in, if the server asks for one.</summary>
    public const string User = "care", Password = "a secret of the mail server";

    readonly ConcurrentQueue<MimeMessage> _letters = [];
    readonly TaskCompletionSource<int> _port = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly SmtpServer.SmtpServer _server;
    readonly Task _serving;

    public int Port => _port.Task.GetAwaiter().GetResult();

    /// <summary>Every received letter, in order.</summary>
    public IEnumerable<MimeMessage> Letters => _letters;

    /// <summary>The answer to a recipient; null accepts. The answer may never come.</summary>
    public Func<string, CancellationToken, Task<SmtpResponse?>> Judge { get; set; } = (_, _) =>
        Task.FromResult<SmtpResponse?>(null);

    /// <summary>The answer to a received letter.</summary>
    public Func<MimeMessage, SmtpResponse> Answer { get; set; } = _ => SmtpResponse.Ok;

    MailServer(int port, X509Certificate2? certificate, bool implicitTls, bool asksForPassword)
    {
        var options = new SmtpServerOptionsBuilder().ServerName("localhost").Endpoint(endpoint =>
        {
            endpoint.Endpoint(new(IPAddress.Loopback, port)).IsSecure(implicitTls)
                .AuthenticationRequired(asksForPassword);
            if (certificate is not null) endpoint.Certificate(certificate);
        }).Build();
        var services = new ServiceProvider();
        // The library disposes of the store and the filter after each session, so this object is neither.
        services.Add(new DelegatingMessageStoreFactory(_ => new Store(this)));
        services.Add(new DelegatingMailboxFilterFactory(_ => new Filter(this)));
        services.Add(new DelegatingUserAuthenticator((user, password) => user == User && password == Password));
        var listeners = new EndpointListenerFactory();
        listeners.EndpointStarted += (_, started) => _port.SetResult(((IPEndPoint)started.LocalEndPoint).Port);
        services.Add(listeners);
        _server = new(options, services);
        _serving = _server.StartAsync(CancellationToken.None);
    }

    /// <summary>Starts one. It answers when this returns.</summary>
    /// <param name="port">0 for a free one.</param>
    /// <param name="certificate">With it the server offers STARTTLS, or speaks TLS from the first byte.</param>
    /// <param name="implicitTls">Whether it speaks TLS from the first byte.</param>
    /// <param name="asksForPassword">Whether it takes letters only of <see cref="User"/>.</param>
    public static async Task<MailServer> Start(int port = 0, X509Certificate2? certificate = null,
        bool implicitTls = false, bool asksForPassword = false)
    {
        var server = new MailServer(port, certificate, implicitTls, asksForPassword);
        await server._port.Task;
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        _server.Shutdown();
        await _serving;
    }

    sealed class Store(MailServer server) : MessageStore
    {
        public override Task<SmtpResponse> SaveAsync(ISessionContext context, IMessageTransaction transaction,
            ReadOnlySequence<byte> buffer, CancellationToken cancellationToken)
        {
            using var bytes = new MemoryStream(buffer.ToArray());
            var letter = MimeMessage.Load(bytes, cancellationToken);
            server._letters.Enqueue(letter);
            return Task.FromResult(server.Answer(letter));
        }
    }

    sealed class Filter(MailServer server) : MailboxFilter
    {
        public override async Task<bool> CanDeliverToAsync(ISessionContext context, IMailbox to, IMailbox @from,
            CancellationToken cancellationToken) =>
            await server.Judge(to.AsAddress(), cancellationToken) is { } answer
                ? throw new SmtpResponseException(answer) : true;
    }
}
