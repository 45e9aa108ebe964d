using System.Collections.Concurrent;
using System.Diagnostics;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Scheduling.Bookings.Reserving;

/// <summary>The round trips of frequent requests to the database, counted from the spans of their traces.</summary>
public sealed class RoundTripTests : IClassFixture<ServerFixture>, IDisposable
{
    const string Parent = "00f067aa0ba902b7", Driver = "Npgsql";
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // Other servers of this process have traces of their own, which this test ignores.
    readonly ConcurrentDictionary<ActivityTraceId, ConcurrentQueue<string>> _statements = new();
    readonly ActivityListener _listener;
    readonly TestServer _server;

    public RoundTripTests(ServerFixture fixture)
    {
        _server = fixture.Server;
        _listener = new()
        {
            ShouldListenTo = source => source.Name is Driver or "Microsoft.AspNetCore" or "Amrutam",
            Sample = (ref asked) => _statements.ContainsKey(asked.Parent.TraceId)
                ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = ended =>
            {
                if (ended.Source.Name == Driver && _statements.TryGetValue(ended.TraceId, out var statements))
                    statements.Enqueue(ended.GetTagItem("db.query.text") as string ?? ended.DisplayName);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    [Fact]
    public async Task A_booking_is_one_round_trip_of_three_statements()
    {
        var (doctor, patient, late) = (await _server.Doctor(), await _server.User("patient"),
            await _server.User("patient"));
        var slot = new { slot_id = await doctor.Slot() };
        var booked = await Sent(patient, HttpMethod.Post, "/api/bookings", 201, slot, "key");
        booked.ShouldHaveSingleItem();
        Statements(booked[0]).ShouldBe(3);

        (await Sent(patient, HttpMethod.Post, "/api/bookings", 201, slot, "key")).ShouldHaveSingleItem("a replay");
        (await Sent(late, HttpMethod.Post, "/api/bookings", 409, slot)).Count
            .ShouldBe(2, "the judgement, and what would do instead");
        (await Least(late, HttpMethod.Post, "/api/bookings", 409, 1, slot))
            .ShouldBe(1, "what would do instead is known from the one before");
    }

    [Theory]
    [InlineData("/api/doctors?limit=20")]
    [InlineData("/api/doctors/{0}")]
    [InlineData("/api/doctors/{0}/slots")]
    public async Task A_public_list_is_read_once_and_then_given_from_memory(string path)
    {
        var doctor = await _server.Doctor();
        await doctor.Slot();
        var anybody = new TestUser(Guid.Empty, _server.Anonymous());
        path = string.Format(System.Globalization.CultureInfo.InvariantCulture, path, doctor.Id);
        // The first list reads the key of all cursors.
        await Sent(anybody, HttpMethod.Get, "/api/doctors?limit=1", 200);
        (await Sent(anybody, HttpMethod.Get, path, 200)).ShouldHaveSingleItem();
        (await Least(anybody, HttpMethod.Get, path, 200, 0)).ShouldBe(0);
    }

    [Fact]
    public async Task Own_bookings_are_one_round_trip()
    {
        var (doctor, patient) = (await _server.Doctor(), await _server.User("patient"));
        (await patient.Book(await doctor.Slot())).Is(201);
        (await Least(patient, HttpMethod.Get, "/api/bookings", 200, 1)).ShouldBe(1);
    }

    /// <returns>The fewest round trips among the requests that were sent until one was cheap enough.</returns>
    /// <remarks>Responses in memory live for a second. A busy machine may take longer, and a new server does not use
    /// its memory yet.</remarks>
    async Task<int> Least(TestUser user, HttpMethod method, string path, int status, int enough, object? body = null)
    {
        var (least, began) = (int.MaxValue, TimeProvider.System.GetTimestamp());
        while (least > enough && TimeProvider.System.GetElapsedTime(began) < Patience)
            least = Math.Min(least, (await Sent(user, method, path, status, body)).Count);
        return least;
    }

    /// <returns>The text of each round trip.</returns>
    async Task<IReadOnlyList<string>> Sent(TestUser user, HttpMethod method, string path, int status,
        object? body = null, string? key = null)
    {
        var trace = ActivityTraceId.CreateRandom();
        _statements[trace] = new();
        (string, string)[] headers = [("traceparent", $"00-{trace}-{Parent}-01"),
            .. key is null ? Array.Empty<(string, string)>() : [("Idempotency-Key", key)]];
        (await user.Http.Send(method, path, body, headers: headers)).Is(status);
        return [.. _statements[trace]];
    }

    static int Statements(string text) =>
        text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Length;

    public void Dispose() => _listener.Dispose();
}
