using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Identity.Accounts;

/// <summary>The results of ASP.NET Core Identity's stores, which report a failure and do not throw it.</summary>
static class StoreResults
{
    /// <summary>Awaits a change of an account that was read before. It ends the running transaction if the store made
    /// no change, so that no event reports one.</summary>
    /// <exception cref="ChangedMeanwhileException">Another request changed the account after it was read. It is not
    /// tried again: the proof that was checked may be of the former account.</exception>
    public static async Task OrThrow(this Task<IdentityResult> change)
    {
        var result = await change;
        if (result.Succeeded) return;
        throw result.Errors.Any(e => e.Code == nameof(IdentityErrorDescriber.ConcurrencyFailure))
            ? new ChangedMeanwhileException()
            : new InvalidOperationException("The store made no change: " + result);
    }
}
