namespace Amrutam.Identity.Contracts;

/// <summary>Marks a route that is open to callers whose role requires a second factor before they enrol one: enrolment,
/// the own account and signing out.</summary>
sealed class OpenBeforeSecondFactor
{
    public static readonly OpenBeforeSecondFactor Mark = new();
}

static class RoutesOpenBeforeSecondFactor
{
    public static TBuilder OpenBeforeSecondFactor<TBuilder>(this TBuilder routes)
        where TBuilder : IEndpointConventionBuilder => routes.WithMetadata(Contracts.OpenBeforeSecondFactor.Mark);
}
