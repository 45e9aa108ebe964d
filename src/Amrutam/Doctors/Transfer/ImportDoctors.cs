using Amrutam.Doctors.Profiles;
using Amrutam.Identity.Contracts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Transfer;
using Npgsql;

namespace Amrutam.Doctors.Transfer;

/// <summary>Takes doctors with their accounts and profiles.</summary>
sealed class ImportDoctors : IImportedFile
{
    public const string File = "doctors";

    public string Name => File;

    public int Order => 1;

    public IReadOnlyList<string> Columns { get; } =
        ["email", "full_name", "specialization", "experience", "bio", "languages", "fee_minor", "currency",
            "registration_number", "registration_council", "time_zone", "verified"];

    public IReadOnlyList<string> Required { get; } = ["email", "full_name", "specialization", "experience", "bio"];

    public async Task<Guid?> Take(NpgsqlConnection connection, ImportLine line, CurrentUser by)
    {
        var fields = line.Fields;
        var email = ImportedAccounts.Email(line.Text("email"));
        fields.Refuse(email is null, "email", ImportedAccounts.EmailRule);
        var (experience, fee, verified) = (line.Number("experience"), line.Number("fee_minor"), line.Flag("verified"));
        var profile = CreateProfile.Check(fields, new(line.Text("specialization")!, experience ?? 0, line.Text("bio")!,
            line.Text("full_name"), line.List("languages"), fee, line.Text("currency"),
            line.Text("registration_number"), line.Text("registration_council"), line.Text("time_zone")));
        if (fields.Wrong) return null;
        if (profile.RegistrationNumber is { } number && await connection.Statement(IsRegistered)
            .With(profile.RegistrationCouncil).With(number).Value<bool>())
            fields.Refuse(true, "registration_number", "is that of another doctor");
        var id = Guid.CreateVersion7();
        if (!fields.Wrong && !await ImportedAccounts.AddDoctor(connection, id, email!, profile.FullName!, by))
            fields.Refuse(true, "email", "belongs to an account already");
        if (fields.Wrong) return null;
        await CreateProfile.Insert(connection, id, profile, by.Trace);
        if (verified is true) await VerifyDoctor.Record(connection, id, new(), by);
        return id;
    }

    const string IsRegistered = """
        select exists (select from doctors.profiles p
            where doctors.registration_key(p.registration_council, p.registration_number)
                      = doctors.registration_key($1, $2)
              and p.registration_number is not null and not p.registration_disputed)
        """;
}
