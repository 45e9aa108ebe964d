using Amrutam.Platform.Http.Problems;
using Amrutam.Tests.Support;
using Amrutam.Tests.Support.Calendars;
using Amrutam.Tests.Support.Observing;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Platform.Telemetry;

/// <summary>Each limit that refuses a request is counted for the operator.</summary>
public sealed class LimitMeterTests(TestCluster cluster)
{
    const string Far = "2031-01-01T00:00:00Z";

    [Fact]
    public async Task A_request_that_a_limit_refuses_is_counted_under_the_limits_name()
    {
        await using var server = await TestServer.Start(await cluster.NewDatabase(),
            "--Limits:OpenBookingsPerPatient=2", "--Limits:OpenBookingsPerPatientAndDoctor=1",
            "--Limits:CancellationsPerPatient=1", "--Limits:HoldsPerPatient=1", "--Limits:OpenSeriesPerPatient=1",
            "--Limits:WaitlistEntriesPerPatient=1", "--Limits:SignInsPerAddress=1");
        var (one, two, patient) = (await server.Doctor(), await server.Doctor(), await server.User("patient"));

        await Counted("too_many_holds", 422, async n =>
            await patient.Http.Post($"/api/slots/{await one.Slot(n)}/hold"));
        await Counted("too_many_waitlist_entries", 422, n =>
            patient.Http.Post("/api/waitlist", new { doctor_id = (n == 0 ? one : two).Id, to = Far }));
        await Counted("too_many_series", 422, async n => await patient.Http.Post("/api/bookings/series",
            new { slot_id = await one.Slot(10 + n), occurrences = 2, every_weeks = 1, mode = "possible" }));
        await Counted("too_many_open_bookings_with_this_doctor", 422, async n =>
            await patient.Book(await one.Slot(20 + n)));
        var second = (await patient.Book(await two.Slot(30))).Is(201);
        await Counted("too_many_open_bookings", 422, async n => n == 0
            ? second : await patient.Book(await (await server.Doctor()).Slot(31)));
        await Counted("cool_down_after_cancellations", 429, async n => n == 0
            ? await patient.Http.Post($"/api/bookings/{second.Id}/cancellation")
            : await patient.Book(await two.Slot(32)));
        await Counted("sign-ins of an address", 429, _ => server.Anonymous()
            .Post("/api/auth/login", new { email = "nobody@example.org", password = "not the password" }));

        async Task Counted(string limit, int status, Func<int, Task<Reply>> ask)
        {
            (await ask(0)).Status.ShouldNotBe(status);
            var before = await At(limit);
            (await ask(1)).Status.ShouldBe(status, limit);
            (await At(limit)).ShouldBe(before + 1, limit);
        }

        async Task<double> At(string limit) => Metrics.Of(await server.Scrape(),
            $$"""amrutam_limit_rejections_total{amrutam_limit_name="{{limit}}"}""") ?? 0;
    }

    [Fact]
    public void A_rule_against_too_much_is_a_limit() => Product.Problems.Values
        .Where(problem => problem.Code.StartsWith("too_m", StringComparison.Ordinal) && !problem.IsLimit)
        .ShouldBe([CommonProblems.TooMany], "that one is counted where attempts are, under the name of what was tried");
}
