using System.Text.Json;
using System.Text.Json.Serialization;
using Amrutam.Doctors.Profiles;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http.Binding;
using Amrutam.Scheduling.Bookings;
using Amrutam.Scheduling.Bookings.Reserving;
using Amrutam.Scheduling.Slots;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Amrutam.Tests.Platform.Http.Binding;

/// <summary>The most frequent requests and responses are read and written without reflection.</summary>
public sealed class JsonShapesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Theory]
    [InlineData(typeof(BookSlot.Request))]
    [InlineData(typeof(Booking))]
    [InlineData(typeof(Page<Booking>))]
    [InlineData(typeof(Page<Slot>))]
    [InlineData(typeof(Doctor))]
    [InlineData(typeof(Page<Doctor>))]
    [InlineData(typeof(LogIn.Request))]
    [InlineData(typeof(RefreshSession.Request))]
    [InlineData(typeof(TokenPair))]
    public void Its_shape_is_compiled_in(Type type)
    {
        var options = fixture.Server.App.Services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;

        options.GetTypeInfo(type).OriginatingResolver.ShouldBeAssignableTo<JsonSerializerContext>();
    }

    [Theory]
    [InlineData("""{"slot_id":"00000000-0000-7000-8000-000000000001","slot_id":null}""")]
    [InlineData("""{"slot_id":1}""")]
    [InlineData("""{"Slot_id":null}""")]
    [InlineData("""{"between":{"from":"2030-01-07T09:00:00Z"}}""")]
    [InlineData("""{"between":{"from":"2030-01-07T09:00:00","to":"2030-01-07T10:00:00Z"}}""")]
    public void It_is_as_strict_as_with_reflection(string body)
    {
        var options = fixture.Server.App.Services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;

        Should.Throw<JsonException>(() =>
            JsonSerializer.Deserialize<BookSlot.Request>(body, Amrutam.Platform.Http.Binding.Json.Options));
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize<BookSlot.Request>(body, options));
    }
}
