using System.Buffers.Text;
using System.Text;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Tests.Support.Servers;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Amrutam.Tests.Platform.Http.Binding;

public sealed class PageTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    sealed record Key(string Name, int Number);

    static readonly CurrentUser Asha = new(Guid.CreateVersion7(), "patient", Guid.CreateVersion7());
    static readonly CurrentUser Ravi = new(Guid.CreateVersion7(), "patient", Guid.CreateVersion7());

    [Fact]
    public void A_cursor_opens_the_page_after_the_last_item()
    {
        var first = Open("/list", null, Asha);
        first.After.ShouldBeNull();
        first.Fetch.ShouldBe(3);
        var page = first.Of(["a", "b", "c"], item => item, item => new Key(item, 7));
        page.Items.ShouldBe(["a", "b"]);
        Open("/list", page.NextCursor, Asha).After.ShouldBe(new Key("b", 7));
    }

    [Fact]
    public void The_last_page_has_no_cursor() =>
        Open("/list", null, Asha).Of(["a", "b"], item => item, item => new Key(item, 7))
            .NextCursor.ShouldBeNull();

    [Fact]
    public void A_cursor_is_url_safe_and_does_not_show_its_values()
    {
        var cursor = Cursor("/list", Asha);
        cursor.ShouldMatch("^[A-Za-z0-9_-]+$");
        Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)).ShouldNotContain("name");
    }

    [Theory]
    [InlineData("/other", "another path")]
    [InlineData("/list?a=1", "another filter")]
    public void A_cursor_of_another_list_is_refused(string address, string why) =>
        Open(address, Cursor("/list", Asha), Asha).Refusal!.StatusCode.ShouldBe(400, why);

    [Fact]
    public void Filters_in_another_order_are_the_same_list() =>
        Open("/list?b=2&a=1&limit=5", Cursor("/list?a=1&b=2", Asha), Asha).Refusal.ShouldBeNull();

    [Fact]
    public void Filters_that_only_look_alike_when_joined_are_another_list() =>
        Open("/list?a=1%26b%3D2", Cursor("/list?a=1&b=2", Asha), Asha).Refusal.ShouldNotBeNull();

    [Fact]
    public void Another_persons_cursor_is_refused_on_a_personal_list()
    {
        Open("/list", Cursor("/list", Asha), Ravi).Refusal!.StatusCode.ShouldBe(400);
        Open("/list", Cursor("/list", Asha), Asha).Refusal.ShouldBeNull();
    }

    [Fact]
    public void A_public_list_continues_for_every_holder_of_its_cursor() =>
        Open("/list", Cursor("/list", null), Ravi, isForAll: true).Refusal.ShouldBeNull();

    [Fact]
    public async Task Another_replica_opens_the_cursor()
    {
        await using var replica = await TestServer.Start(fixture.Server.Database);
        Open("/list", Cursor("/list", Asha), Asha, of: replica).After.ShouldBe(new Key("b", 7));
    }

    [Fact]
    public void Every_changed_character_of_a_cursor_is_noticed()
    {
        var cursor = Cursor("/list", Asha);
        for (var i = 0; i < cursor.Length - 1; i++)
        {
            var other = cursor[i] == 'A' ? 'B' : 'A';
            Open("/list", cursor[..i] + other + cursor[(i + 1)..], Asha)
                .Refusal.ShouldNotBeNull($"character {i}");
        }
    }

    [Theory]
    [InlineData("x")]
    [InlineData("not base64!")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void A_malformed_cursor_is_refused(string cursor) =>
        Open("/list", cursor, Asha).Refusal!.StatusCode.ShouldBe(400);

    [Fact]
    public void A_cursor_of_a_list_that_now_has_other_keys_is_refused()
    {
        var seal = new PageSeal(new EphemeralDataProtectionProvider().CreateProtector("list"));
        seal.Unseal<Key>(seal.Seal(new { Name = 1, Other = "x" })).ShouldBeNull();
    }

    string Cursor(string address, CurrentUser? user) =>
        Open(address, null, user, isForAll: user is null)
            .Of(["a", "b", "c"], item => item, item => new Key(item, 7)).NextCursor!;

    OpenPage<Key> Open(string address, string? cursor, CurrentUser? user, bool isForAll = false,
        TestServer? of = null)
    {
        var http = new DefaultHttpContext();
        var parts = address.Split('?');
        http.Request.Path = parts[0];
        http.Request.QueryString = new(parts.Length > 1 ? "?" + parts[1] : "");
        http.SetEndpoint(new Endpoint(null, isForAll ? new(new AllowAnonymousAttribute()) : new(), null));
        if (user is not null) http.Features.Set(user);
        var protection = (of ?? fixture.Server).App.Services.GetRequiredService<IDataProtectionProvider>();
        return new PageQuery(2, cursor, http, protection).Open<Key>();
    }
}
