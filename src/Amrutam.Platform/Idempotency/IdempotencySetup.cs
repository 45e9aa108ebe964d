namespace Amrutam.Platform.Idempotency;

/// <summary>Registers the storage of responses under Idempotency-Keys.</summary>
static class IdempotencySetup
{
    public static void AddIdempotency(this WebApplicationBuilder builder) => builder.Services
        .AddSingleton<IdempotentTransaction>().AddSingleton<RefusedKeys>().AddHostedService<ForgetKeys>();
}
