using System.Threading.Channels;
using Amrutam.Platform.Data;
using Amrutam.Platform.Operations;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Platform.Data;

public sealed class NotificationListenerTests(TestCluster cluster)
{
    const string ListenToTests = "listen tests", Name = "listener of the tests";
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_lost_connection_is_opened_again_and_nothing_is_missed_after_that()
    {
        var database = await cluster.NewDatabase();
        await using var owner = Database.OpenUnpooled(database.Owner, "tests");
        using var stopping = new CancellationTokenSource();
        var (opened, heard) = (Channel.CreateUnbounded<int>(), Channel.CreateUnbounded<string>());
        var (log, polls) = (new LogLines<FailureLog>(), 0);
        using var failures = new FailureLog(log, TimeProvider.System);
        var listener = new NotificationListener(database, Name, TimeProvider.System, failures);
        var running = listener.UntilStopped(ct => listener.Listen(ListenToTests, p => heard.Writer.TryWrite(p),
            async connection => await opened.Writer.WriteAsync(connection.ProcessID, ct),
            _ => Task.FromResult(Interlocked.Increment(ref polls)), ct), stopping.Token);

        var first = await Next(opened);
        await owner.Statement("select pg_notify('tests', 'one')").Value<object>();
        (await Next(heard)).ShouldBe("one");
        await owner.Statement("select pg_terminate_backend($1)").With(first).Value<bool>();
        (await Next(opened)).ShouldNotBe(first);
        await owner.Statement("select pg_notify('tests', 'two')").Value<object>();
        (await Next(heard)).ShouldBe("two");
        log.Written.ShouldHaveSingleItem().Text.ShouldStartWith(Name + " failed (57P01)");
        polls.ShouldBeGreaterThanOrEqualTo(2);

        await stopping.CancelAsync();
        await running.WaitAsync(Patience);
    }

    static Task<T> Next<T>(Channel<T> channel) => channel.Reader.ReadAsync().AsTask().WaitAsync(Patience);
}
