using System.Text;
using Amrutam.Platform.EventLog;
using NodaTime;

namespace Amrutam.Tests.Platform.EventLog;

public sealed class EventTests
{
    [Fact]
    public void A_detail_is_a_member_of_the_details_and_not_of_what_is_in_them()
    {
        var e = With("""{"was": {"n": 1}, "all": [{"n": 2}], "n": 3}""");
        e.Detail("n"u8).GetInt64().ShouldBe(3);
        e.Has("all"u8, out _).ShouldBeTrue();
        e.Has("more"u8, out _).ShouldBeFalse();
        Should.Throw<InvalidDataException>(() => e.Detail("more"u8).GetInt64()).Message
            .ShouldBe("things.changed without more");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("\"n\"")]
    [InlineData("""[{"n": 1}]""")]
    public void Details_that_are_no_object_have_no_member(string? details) =>
        With(details).Has("n"u8, out _).ShouldBeFalse();

    static Event With(string? details) => new(1, Instant.MinValue, "things.changed", null,
        details is null ? null : Encoding.UTF8.GetBytes(details));
}
