using Amrutam.Identity.Sessions;
using Amrutam.Platform.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Identity.SignIn;

/// <summary>Ends the session of the access token. Its tokens stop working on every replica.</summary>
static class LogOut
{
    public static void Map(RouteGroupBuilder auth) =>
        auth.MapPost("/logout", Handle).RequireAuthorization(Allow.SignedIn).WithSummary("Sign out")
            .WithDescription("Ends the session: its access token and its refresh token work no more.");

    static async Task<NoContent> Handle(CurrentUser user, SessionStore sessions)
    {
        await sessions.End(user, user.Session, "signed_out");
        return TypedResults.NoContent();
    }
}
