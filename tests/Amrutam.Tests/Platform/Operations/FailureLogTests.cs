using System.Net.Sockets;
using Amrutam.Platform.Operations;
using Amrutam.Tests.Support.Observing;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Amrutam.Tests.Platform.Operations;

/// <summary>Jobs, readers and listeners fail many times a minute while the database is away.</summary>
public sealed class FailureLogTests : IDisposable
{
    const int Tries = 200;
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    static readonly string[] Parts = ["check_things", "reader of things", "watch of things"];

    readonly LogLines<FailureLog> _log = new();
    readonly FakeTimeProvider _clock = new();
    readonly FailureLog _failures;

    public FailureLogTests() => _failures = new(_log, _clock);

    public void Dispose() => _failures.Dispose();

    [Fact]
    public void A_kind_of_failure_is_one_line_and_then_one_line_a_minute_with_the_count_and_the_parts()
    {
        for (var minute = 0; minute < 3; minute++)
        {
            for (var n = 0; n < Tries; n++) _failures.Report(Parts[n % Parts.Length], Refused());
            _clock.Advance(Minute);
        }
        Lines().ShouldBe([
            "check_things failed (ConnectionRefused) and is tried again; failures of this kind are counted for a "
                + "minute",
            "199 more failures of the kind ConnectionRefused in the last minute, of check_things, reader of things, "
                + "watch of things",
            .. Enumerable.Repeat("200 more failures of the kind ConnectionRefused in the last minute, of check_things, "
                + "reader of things, watch of things", 2),
        ]);
    }

    [Fact]
    public void A_kind_that_has_ended_is_said_again_when_it_comes_back()
    {
        _failures.Report(Parts[0], Refused());
        _clock.Advance(Minute);
        _failures.Report(Parts[1], Refused());
        Lines().ShouldAllBe(line => line.Contains("failed (ConnectionRefused)"));
        Lines().Length.ShouldBe(2);
    }

    [Fact]
    public void Kinds_stay_apart_and_those_of_the_database_have_no_stack()
    {
        foreach (var failure in (Exception[])[Refused(), Ended("57P01"), Ended("25006"), new TimeoutException(),
            new InvalidOperationException("wrapped", Ended("57P01")), Ended("42601"), new FormatException()])
            foreach (var part in Parts) _failures.Report(part, failure);
        _log.Written.Where(line => !line.HasStack).Select(line => Kind(line.Text))
            .ShouldBe(["ConnectionRefused", "57P01", "25006", "TimeoutException"]);
        // A fault of one part is not the fault of another.
        _log.Written.Where(line => line.HasStack).Select(line => Kind(line.Text))
            .ShouldBe([.. Parts.Select(_ => "42601"), .. Parts.Select(_ => "FormatException")]);

        static string Kind(string line) => line[(line.IndexOf('(') + 1)..line.IndexOf(')')];
    }

    [Fact]
    public void No_line_has_the_text_of_an_exception()
    {
        _failures.Report(Parts[0], new PostgresException("Asha Rao", "ERROR", "ERROR", "57014"));
        _failures.Report(Parts[0], new FormatException("Asha Rao"));
        Lines().ShouldAllBe(line => !line.Contains("Asha"));
    }

    string[] Lines() => [.. _log.Written.Select(line => line.Text)];

    static NpgsqlException Refused() => new("refused", new SocketException((int)SocketError.ConnectionRefused));

    static PostgresException Ended(string code) => new("ended", "FATAL", "FATAL", code);
}
