using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Transfer;
using Amrutam.Scheduling.VisitTypes;
using Npgsql;

namespace Amrutam.Scheduling.Transfer;

/// <summary>Takes the kinds of visit that each doctor offers; the order of the lines is the doctor's.</summary>
sealed class ImportOffers : IImportedFile
{
    public string Name => "offers";

    public int Order => 2;

    public IReadOnlyList<string> Columns { get; } = ["doctor", "visit_type", "minutes", "fee_minor"];

    public IReadOnlyList<string> Required { get; } = ["doctor", "visit_type"];

    public async Task<Guid?> Take(NpgsqlConnection connection, ImportLine line, CurrentUser by)
    {
        var (doctor, type) = (line.Reference("doctor", ImportBookings.Doctors),
            line.Reference("visit_type", ImportVisitTypes.File));
        var (minutes, fee) = (line.Number("minutes"), line.Number("fee_minor"));
        line.Fields.Refuse(minutes is < VisitTypeValidation.MinMinutes or > VisitTypeValidation.MaxMinutes, "minutes",
                $"must be {VisitTypeValidation.MinMinutes} to {VisitTypeValidation.MaxMinutes}")
            .Refuse(fee is < 0 or > Fees.MaxMinor, "fee_minor", $"must be from 0 to {Fees.MaxMinor}");
        if (line.Fields.Wrong) return null;
        var added = await connection.Statement(Add).With(doctor).With(type).With(minutes).With(fee).With(by.Id)
            .With(by.Trace).Execute() > 0;
        line.Fields.Refuse(!added, "visit_type", "is offered by the doctor already");
        // An offer has no id of its own. The import knows it by its external id alone.
        return added ? doctor : null;
    }

    const string Add = """
        with added as (
            insert into scheduling.doctor_visit_types (doctor_id, visit_type_id, position, minutes, fee_minor)
            select $1, $2, coalesce(max(position), 0) + 1, $3, $4
              from scheduling.doctor_visit_types where doctor_id = $1
            on conflict do nothing
            returning doctor_id, visit_type_id)
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select $5, 'admin', 'visit_types.offered', 'doctor', doctor_id,
               jsonb_build_object('visit_type_ids', array[visit_type_id]), $6 from added
        """;
}
