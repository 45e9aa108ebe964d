using Amrutam.Identity.Accounts;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Amrutam.Platform.Http.Binding;
using Amrutam.Platform.Http.Problems;
using Amrutam.Platform.Privacy;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Amrutam.Identity.Users;

/// <summary>Lists accounts, the newest first, optionally filtered by a part of the address or name.</summary>
static class ListUsers
{
    sealed record Key(Guid Id);

    public const int MaxSearch = 100;

    public static void Map(RouteGroupBuilder users) => users.MapGet("", Handle)
        .WithSummary("List and search accounts")
        .WithDescription("Newest first. Filters can be combined.")
        .RecordsAccess<Page<AdminUser>>("accounts.read", "account", page => page.Items.Select(u => new Shown(u.Id)))
        .WithProblems(CommonProblems.Invalid, PageQuery.NotACursor);

    static async Task<Results<Ok<Page<AdminUser>>, ProblemHttpResult>> Handle([AsParameters] PageQuery query,
        NpgsqlDataSource db, CancellationToken ct, string? q = null, string? role = null, bool? suspended = null)
    {
        var fields = new RequestValidation();
        var part = fields.Text("q", q, MaxSearch);
        fields.OneOf("role", role, AccountRoles.All);
        if (fields.Wrong) return fields.Problem();
        var page = query.Open<Key>();
        if (page.Refusal is not null) return page.Refusal;
        var statement = part is null ? db.Statement(Newest) : db.Statement(Matching);
        statement.With(role).With(suspended).With(page.After?.Id).With(page.Fetch);
        if (part is not null) statement.With(Pattern(part));
        return TypedResults.Ok(page.Of(await statement.List(AdminUser.Read, ct), user => user,
            user => new Key(user.Id)));
    }

    /// <summary>The pattern that matches the text literally, wherever it occurs. An address is looked for as it is
    /// stored.</summary>
    static string Pattern(string part) =>
        '%' + (part.Contains('@', StringComparison.Ordinal) ? EmailAddress.Normal(part) : part.ToUpperInvariant())
            .Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal)
            .Replace("_", @"\_", StringComparison.Ordinal) + '%';

    const string Filters = """

         where u.erased_at is null
           and ($1::text is null or u.role = $1) and ($2::boolean is null or (u.suspended_at is not null) = $2)
           and ($3::uuid is null or u.id < $3)
        """;

    // Ids are in the order of time.
    const string Order = """

         order by u.id desc limit $4
        """;

    const string Newest = "select " + AdminUser.Columns + " from identity.users u" + Filters + Order;

    const string Matching = "select " + AdminUser.Columns + " from identity.users u" + Filters + """

           and (u.normalized_email || ' ' || coalesce(upper(u.full_name), '')) like $5
        """ + Order;
}
