using System.Security.Claims;
using Amrutam.Platform.Http;

namespace Amrutam.Tests.Platform.Http;

public sealed class UserIdentityTests
{
    static readonly CurrentUser Asha = new(Guid.CreateVersion7(), "patient", Guid.CreateVersion7());

    [Fact]
    public void Claims_say_what_the_identity_carries()
    {
        new UserIdentity(Asha with { SecondFactor = true }, "test").Claims.Select(c => (c.Type, c.Value)).ShouldBe(
        [
            ("sub", Asha.Id.ToString()), ("sid", Asha.Session.ToString()), ("role", "patient"), ("mfa", "true"),
        ]);
        new UserIdentity(Asha, "test").Claims.ShouldNotContain(c => c.Type == "mfa");
    }

    [Fact]
    public void A_role_is_had_or_not_and_the_other_claims_are_found()
    {
        var principal = new ClaimsPrincipal(new UserIdentity(Asha, "test"));
        principal.IsInRole("patient").ShouldBeTrue();
        principal.IsInRole("admin").ShouldBeFalse();
        principal.HasClaim("sid", Asha.Session.ToString()).ShouldBeTrue();
        principal.HasClaim("sid", Guid.Empty.ToString()).ShouldBeFalse();
        principal.Identity!.Name.ShouldBe(Asha.Id.ToString());
        principal.Identity.IsAuthenticated.ShouldBeTrue();
    }

    [Fact]
    public void A_copy_speaks_for_the_same_person()
    {
        var copy = new UserIdentity(Asha, "test").Clone().ShouldBeOfType<UserIdentity>();
        copy.User.ShouldBe(Asha);
        copy.AuthenticationType.ShouldBe("test");
    }
}
