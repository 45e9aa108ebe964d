using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Transfer;
using Amrutam.Scheduling.VisitTypes;
using Npgsql;

namespace Amrutam.Scheduling.Transfer;

/// <summary>Takes the clinic's catalogue of visits.</summary>
sealed class ImportVisitTypes : IImportedFile
{
    public const string File = "visit_types";

    public string Name => File;

    public int Order => 0;

    public IReadOnlyList<string> Columns { get; } =
        ["name", "description", "minutes", "mode", "address", "first", "follow_up_within_days", "bookable_by",
            "fee_minor", "currency", "buffer_before_minutes", "buffer_after_minutes"];

    public IReadOnlyList<string> Required { get; } = ["name", "minutes", "mode", "first"];

    public async Task<Guid?> Take(NpgsqlConnection connection, ImportLine line, CurrentUser by)
    {
        var request = new CreateVisitType.Request(line.Text("name")!, line.Number("minutes") ?? 0, line.Text("mode")!,
            line.Flag("first") ?? true, line.Text("description"), line.Text("address"),
            line.Number("follow_up_within_days"), line.Text("bookable_by") ?? VisitType.Patients,
            line.Number("fee_minor"), line.Text("currency") ?? Fees.DefaultCurrency,
            line.Number("buffer_before_minutes") ?? 0, line.Number("buffer_after_minutes") ?? 0);
        var type = VisitTypeValidation.Check(line.Fields, CreateVisitType.Of(request));
        return line.Fields.Wrong ? null : (await SaveVisitType.Save(connection, type, by)).Id;
    }
}
