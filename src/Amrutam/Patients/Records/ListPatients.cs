using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Patients.Records;

/// <summary>Lists the patients whom the caller books for: the own record first, then dependants, the oldest record
/// first.</summary>
static class ListPatients
{
    // Above every sensible limit of dependants, so that the list needs no pages.
    const int Most = 1000;

    public static void Map(RouteGroupBuilder own) =>
        own.MapGet("", Handle).WithSummary("List your patients")
            .WithDescription("The caller's own record, whose id is the account's, and the caller's dependants.");

    static async Task<Ok<Page<Patient>>> Handle(CurrentUser account, NpgsqlDataSource db, CancellationToken ct) =>
        TypedResults.Ok(new Page<Patient>(
            await db.Statement(Select).With(account.Id).With(Most).List(Patient.Read, ct), NextCursor: null));

    const string Select = $"""
        select {Patient.Columns} from patients.held_by($1) h join patients.patients p on p.id = h.patient_id
         order by h.relation <> 'self', p.created_at, p.id
         limit $2
        """;
}
