using Amrutam.Platform.Data;
using Amrutam.Tests.Support.Servers;

namespace Amrutam.Tests.Support.Calendars;

/// <summary>Dependants of accounts, made in the database where a test is not about how they are registered.</summary>
static class Families
{
    /// <summary>A child of some years with these guardians.</summary>
    public static async Task<Guid> Child(this TestServer server, int years, params TestUser[] guardians)
    {
        var child = Guid.CreateVersion7();
        await server.Owner.Statement(AddChild).With(child).With(years).With(guardians.Select(g => g.Id).ToArray())
            .Execute();
        return child;
    }

    const string AddChild = """
        with child as (
            insert into patients.patients (id, full_name, birth_date, registered_by)
            values ($1, 'Test Child', (now() at time zone 'UTC')::date - make_interval(years => $2), $3[1])
         returning id, registered_by),
        logged as (
            insert into audit.events (actor_id, actor_role, action, entity, entity_id)
            select registered_by, 'patient', 'patients.registered', 'patient', id from child)
        insert into patients.guardians (patient_id, account_id, relation)
        select id, unnest($3::uuid[]), 'child' from child
        """;
}
