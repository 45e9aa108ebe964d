using System.Text;
using Amrutam.Identity.Contracts;
using Amrutam.Patients.Records;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.OpenApi;
using Amrutam.Platform.Privacy;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime.Text;
using Npgsql;

namespace Amrutam.Patients.Desk;

/// <summary>Finds patients by a part of the name or the phone, or by the date of birth; the newest record
/// first.</summary>
/// <remarks>Each search is an event that says by what was searched, and never for whom. Each patient whom it shows sees
/// that in the access log.</remarks>
static class SearchPatients
{
    sealed record Key(Guid Id);

    public const int Shortest = 3, Longest = 100;

    const string Limit = "patient searches of an account";

    public static void Map(RouteGroupBuilder patients) =>
        patients.MapGet("", Handle).WithSummary("Find patients")
            .WithDescription("By a part of the name, by digits of the phone, or by a date of birth (2018-02-28).")
            .RecordsAccess<Page<DeskPatient>>("patients.read", "patient",
                page => page.Items.Select(p => new Shown(p.Id)))
            .Example(PatientsExamples.Found)
            .WithProblems(CommonProblems.Invalid, CommonProblems.TooMany, PageQuery.NotACursor);

    static async Task<Results<Ok<Page<DeskPatient>>, ProblemHttpResult>> Handle(string q,
        [AsParameters] PageQuery query, HttpContext http, CurrentUser caller, CountedRequests requests,
        PatientsLimits limits, NpgsqlDataSource db, CancellationToken ct)
    {
        var fields = new RequestValidation();
        var text = fields.Text("q", q, Longest, required: true) ?? "";
        fields.Refuse(text.Length > 0 && UnicodeText.Length(text) < Shortest, "q",
            $"must have at least {Shortest} characters");
        if (fields.Wrong) return fields.Problem();
        var page = query.Open<Key>();
        if (page.Refusal is not null) return page.Refusal;
        if (await requests.InMinute(http, Limit, caller.Id, limits.PatientSearchesPerAccount) is { } refusal)
            return refusal;
        var rows = await db.InTransaction(connection => Find(connection, text, caller, page, ct));
        return TypedResults.Ok(page.Of(rows, row => row, row => new Key(row.Id)));
    }

    static async Task<List<DeskPatient>> Find(NpgsqlConnection connection, string text, CurrentUser caller,
        OpenPage<Key> page, CancellationToken ct)
    {
        await connection.Statement(PlanForThisText).Execute();
        if (LocalDatePattern.Iso.Parse(text) is { Success: true, Value: var date })
        {
            await Log(connection, caller, "birth_date");
            return await connection.Statement(ByBirthDate).With(page.After?.Id).With(page.Fetch).With(date)
                .List(DeskPatient.Read, ct);
        }
        var digits = PhoneNumber.Digits(text);
        await Log(connection, caller, digits is null ? "name" : "phone");
        return await connection.Statement(digits is null ? ByName : ByPhone).With(page.After?.Id).With(page.Fetch)
            .With(digits is null ? Pattern(text) : PatternOfPhone(digits)).List(DeskPatient.Read, ct);
    }

    static Task Log(NpgsqlConnection connection, CurrentUser caller, string by) =>
        connection.Statement(Append).With(caller.Id).With(caller.Role).With(by).With(caller.Trace).Execute();

    /// <summary>E.164 has no zeros before the number, which people dial.</summary>
    static string PatternOfPhone(string digits) =>
        $"%{(digits.TrimStart('0') is { Length: >= Shortest } significant ? significant : digits)}%";

    /// <summary>The pattern that matches the text literally, wherever it occurs.</summary>
    static string Pattern(string text) =>
        '%' + new StringBuilder(text.ToUpperInvariant()).Replace(@"\", @"\\").Replace("%", @"\%").Replace("_", @"\_")
            .ToString() + '%';

    // One plan for all texts would read every record of a common one.
    const string PlanForThisText = "set local plan_cache_mode = force_custom_plan";

    const string Append = """
        insert into audit.events (actor_id, actor_role, action, entity, details, trace_id)
        values ($1, $2, 'patients.searched', 'patient', jsonb_build_object('by', $3::text), $4)
        """;

    // Ids are in the order of time. A record that was merged into another one is found as that one.
    const string Page = "p.merged_into is null and ($1::uuid is null or p.id < $1) order by p.id desc limit $2";

    const string ByName = $"""
        select {DeskPatient.Columns} from patients.patients p where upper(p.full_name) like $3 and {Page}
        """;

    const string ByPhone = $"""
        select {DeskPatient.Columns} from patients.patients p where p.phone like $3 and {Page}
        """;

    const string ByBirthDate = $"""
        select {DeskPatient.Columns} from patients.patients p where p.birth_date = $3 and {Page}
        """;
}
