using Amrutam.Patients.Desk;
using Amrutam.Patients.Records;
using Amrutam.Platform.Http;
using Amrutam.Platform.Transfer;
using Npgsql;

namespace Amrutam.Patients.Transfer;

/// <summary>Takes patients without accounts, as the desk registers them.</summary>
sealed class ImportPatients(PatientsSettings settings) : IImportedFile
{
    public const string File = "patients";

    public string Name => File;

    public int Order => 3;

    public IReadOnlyList<string> Columns { get; } =
        ["full_name", "birth_date", "age_years", "sex", "phone", "city", "language",
            "emergency_name", "emergency_phone"];

    public IReadOnlyList<string> Required { get; } = ["full_name"];

    public async Task<Guid?> Take(NpgsqlConnection connection, ImportLine line, CurrentUser by)
    {
        var (name, phone) = (line.Text("emergency_name"), line.Text("emergency_phone"));
        line.Fields.Refuse(name is null != phone is null, "emergency_phone",
            "is given with emergency_name, or neither");
        var patient = PatientFields.Read(line.Fields, line.Text("full_name"), line.Date("birth_date"),
            line.Number("age_years"), line.Text("sex"), line.Text("phone"), line.Text("city"), line.Text("language"),
            name is null || phone is null ? null : new(name, phone), settings.PhoneRegion);
        return line.Fields.Wrong ? null : (await RegisterPatient.Insert(connection, patient, by))!.Id;
    }
}
