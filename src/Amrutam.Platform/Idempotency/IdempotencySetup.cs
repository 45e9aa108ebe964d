namespace Amrutam.Platform.Idempotency;

static class IdempotencySetup
{
    public static void AddIdempotency(this WebApplicationBuilder builder) => builder.Services
        .AddSingleton<IdempotentTransaction>().AddSingleton<RefusedKeys>().AddHostedService<ForgetKeys>();
}
