using Amrutam.Platform.Http;

namespace Amrutam.Platform.Data;

/// <summary>The pools of connections that every module shares.</summary>
static class DatabaseSetup
{
    public static void AddDatabase(this WebApplicationBuilder builder)
    {
        builder.AddSettings<ConnectionStrings>(ConnectionStrings.Section);
        var connections = builder.AddSettings<DatabaseSettings>("Database").MaxConnections;
        builder.Services.AddSingleton(services => services.GetRequiredService<Database>().Open("amrutam", connections,
            services.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddKeyedSingleton(Database.ForLists, (services, _) => services.GetRequiredService<Database>()
            .Open("amrutam lists", Database.ListConnections, services.GetRequiredService<ILoggerFactory>()));
    }
}
