using Amrutam.Platform.Http;

namespace Amrutam.Platform.Data;

/// <summary>The pools of connections that every module shares.</summary>
static class DatabaseSetup
{
    public static void AddDatabase(this WebApplicationBuilder builder, Database database)
    {
        var connections = builder.AddSettings<DatabaseSettings>("Database").MaxConnections;
        builder.Services.AddSingleton(database);
        builder.Services.AddSingleton(services =>
            database.Open("amrutam", connections, services.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddKeyedSingleton(Database.ForLists, (services, _) => database.Open("amrutam lists",
            Database.ListConnections, services.GetRequiredService<ILoggerFactory>()));
    }
}
