namespace Amrutam.Identity.Contracts;

/// <summary>Marks a route that answers also who must have a second factor and has not enrolled it: where it is
/// enrolled, and the way out.</summary>
sealed class OpenBeforeSecondFactor
{
    public static readonly OpenBeforeSecondFactor Mark = new();
}

static class RoutesOpenBeforeSecondFactor
{
    public static TBuilder OpenBeforeSecondFactor<TBuilder>(this TBuilder routes)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(Contracts.OpenBeforeSecondFactor.Mark);
}
