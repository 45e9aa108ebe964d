using Amrutam.Identity.Accounts;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Identity.Invitations;

/// <summary>Creates the account of an invitation with the password that the person chooses.</summary>
static class AcceptInvitation
{
    sealed record Request(string Token, string Password, string? FullName = null);

    public static void Map(RouteGroupBuilder auth) =>
        auth.MapPost("/invitations/acceptance", Handle).WithSummary("Accept an invitation")
            .WithDescription("Creates the invited account, with the token of the message and a password.")
            .WithProblems(IdentityProblems.InvalidToken, IdentityProblems.WeakPassword, IdentityProblems.EmailTaken);

    static async Task<Results<Created<Account>, ProblemHttpResult>> Handle(Request request,
        InvitationAcceptance invitations)
    {
        var fields = new RequestValidation();
        var name = PersonName.Parse(fields, request.FullName);
        if (fields.Wrong) return fields.Problem();
        var outcome = await invitations.Accept(request.Token, request.Password, name);
        return outcome.User is { } user ? TypedResults.Created((string?)null, Account.Of(user))
            : IdentityProblems.Because(outcome.Failure!);
    }
}
