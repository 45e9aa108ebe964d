using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Scheduling.VisitTypes;
using Npgsql;

namespace Amrutam.Demo;

/// <summary>The kinds of visit of the demo's clinic. The API's example is the first.</summary>
static class DemoVisitTypes
{
    const int FollowUpDays = 60;

    static readonly VisitType[] Catalogue =
    [
        VisitTypeExamples.First,
        New("Follow-up visit", "Progress, and changes of the treatment.", 20, VisitType.InPerson, 50_000, first: false),
        New("Video consultation", "A first talk by video, from far away.", 30, VisitType.Video, 60_000),
        New("Video follow-up", "A short talk by video after a visit.", 15, VisitType.Video, 40_000, first: false),
        New("Phone advice", "One question, answered by phone.", 15, VisitType.Phone, 30_000),
        New("Panchakarma assessment", "Examination before a course of treatments.", 60, VisitType.InPerson, 120_000),
    ];

    public static async Task Fill(NpgsqlConnection connection)
    {
        var admin = new CurrentUser(await connection.Statement(FindAdmin).With(DemoClinic.AdminEmail).Value<Guid>(),
            Allow.Admin, Guid.Empty);
        foreach (var kind in Catalogue) await SaveVisitType.Save(connection, kind, admin);
    }

    static VisitType New(string name, string description, int minutes, string mode, int fee, bool first = true) =>
        VisitTypeExamples.First with
        {
            Id = Guid.CreateVersion7(),
            Name = name,
            Description = description,
            Minutes = minutes,
            Mode = mode,
            Address = mode == VisitType.InPerson ? VisitTypeExamples.First.Address : null,
            First = first,
            FollowUpWithinDays = first ? null : FollowUpDays,
            FeeMinor = fee,
            BufferAfterMinutes = 0,
            MinimumNoticeMinutes = null,
            CancellationWindowMinutes = null,
        };

    const string FindAdmin = "select id from identity.users where normalized_email = upper($1)";
}
