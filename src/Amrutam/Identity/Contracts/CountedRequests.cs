using System.Globalization;
using Amrutam.Identity.SignIn;
using Amrutam.Platform.Http.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Amrutam.Identity.Contracts;

/// <summary>Limits how often an account makes a request of another module, across all replicas.</summary>
sealed class CountedRequests(AttemptLimiter attempts)
{
    /// <summary>Counts one request; at most <paramref name="limit"/> in a minute, and 0 lifts the limit.</summary>
    /// <param name="what">The kind of request, which names the limit in metrics.</param>
    /// <returns>429 <c>too_many_requests</c> with Retry-After, or null.</returns>
    public async Task<ProblemHttpResult?> InMinute(HttpContext http, string what, Guid account, int limit)
    {
        var wait = await attempts.CountInMinute(what, account.ToString(), limit);
        if (wait == AttemptLimiter.NotRefused) return null;
        http.Response.Headers.RetryAfter = wait.ToString(CultureInfo.InvariantCulture);
        return CommonProblems.TooMany.Because($"Try again in {wait} s.");
    }
}
