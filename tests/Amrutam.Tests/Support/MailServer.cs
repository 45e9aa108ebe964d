using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using MimeKit;
using SmtpServer;
using SmtpServer.ComponentModel;
using SmtpServer.Mail;
using SmtpServer.Net;
using SmtpServer.Protocol;
using SmtpServer.Storage;

namespace Amrutam.Tests.Support;

/// <summary>A real SMTP server in this process, which keeps the letters that it takes.</summary>
sealed class MailServer : IAsyncDisposable
{
    readonly ConcurrentQueue<MimeMessage> _letters = [];
    readonly TaskCompletionSource<int> _port = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly SmtpServer.SmtpServer _server;
    readonly Task _serving;

    public int Port => _port.Task.GetAwaiter().GetResult();

    /// <summary>In the order in which they were taken.</summary>
    public IEnumerable<MimeMessage> Letters => _letters;

    /// <summary>What it answers to a recipient; null takes the recipient.</summary>
    public Func<string, SmtpResponse?> Refuse { get; set; } = _ => null;

    MailServer(int port, X509Certificate2? certificate, bool implicitTls)
    {
        var options = new SmtpServerOptionsBuilder().ServerName("localhost").Endpoint(endpoint =>
        {
            endpoint.Endpoint(new(IPAddress.Loopback, port)).IsSecure(implicitTls);
            if (certificate is not null) endpoint.Certificate(certificate);
        }).Build();
        var services = new ServiceProvider();
        // The library disposes of the store and of the filter after each session, so neither is this object.
        services.Add(new DelegatingMessageStoreFactory(_ => new Store(_letters)));
        services.Add(new DelegatingMailboxFilterFactory(_ => new Filter(this)));
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
    public static async Task<MailServer> Start(int port = 0, X509Certificate2? certificate = null,
        bool implicitTls = false)
    {
        var server = new MailServer(port, certificate, implicitTls);
        await server._port.Task;
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        _server.Shutdown();
        await _serving;
    }

    sealed class Store(ConcurrentQueue<MimeMessage> letters) : MessageStore
    {
        public override Task<SmtpResponse> SaveAsync(ISessionContext context, IMessageTransaction transaction,
            ReadOnlySequence<byte> buffer, CancellationToken cancellationToken)
        {
            using var bytes = new MemoryStream(buffer.ToArray());
            letters.Enqueue(MimeMessage.Load(bytes, cancellationToken));
            return Task.FromResult(SmtpResponse.Ok);
        }
    }

    sealed class Filter(MailServer server) : MailboxFilter
    {
        public override Task<bool> CanDeliverToAsync(ISessionContext context, IMailbox to, IMailbox @from,
            CancellationToken cancellationToken) =>
            server.Refuse(to.AsAddress()) is { } refusal ? throw new SmtpResponseException(refusal)
                : Task.FromResult(true);
    }
}
