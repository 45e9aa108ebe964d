namespace Amrutam.Platform.Http.Problems;

/// <summary>The problems that a route may return, for OpenAPI.</summary>
sealed record DeclaredProblems(IReadOnlyList<Problem> Problems);

static class DeclaredProblemsOnRoutes
{
    /// <summary>Declares the route's own problems. The common ones (400, 401, 403 …) follow from its policy and its
    /// body.</summary>
    public static TBuilder WithProblems<TBuilder>(this TBuilder route, params Problem[] problems)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new DeclaredProblems(problems));
}
