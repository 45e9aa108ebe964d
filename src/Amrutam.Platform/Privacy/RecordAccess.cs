using Amrutam.Platform.Data;
using Amrutam.Platform.Http;
using Npgsql;

namespace Amrutam.Platform.Privacy;

/// <summary>The person whose data a response shows, and the id of the shown thing if it is a single one.</summary>
readonly record struct Shown(Guid Person, Guid? Thing = null);

/// <summary>Declares that a route records its display of other people's data, under this name.</summary>
sealed record RecordsAccess(string Action);

/// <summary>Records that somebody was shown another person's data, before the response is sent. Without the record
/// there is no response.</summary>
/// <remarks> There is one event for each person and response, so that a person finds it by their own id. A page of one
/// doctor's bookings gives as many events as it has patients, in one statement. A caller's own data gives no event.
/// Neither does a patient's reading: an account of that role is shown its own patients alone.
/// Events have ids and numbers alone, never the data. </remarks>
static class RecordAccess
{
    /// <summary>The entity of these events, and of no others. Its id is the person's.</summary>
    public const string Entity = "person";

    /// <param name="action">A past participle, as <c>bookings.read</c>.</param>
    /// <param name="kind">The kind of the shown thing.</param>
    /// <param name="shown">Returns the people whose data a response of this type shows.</param>
    public static RouteHandlerBuilder RecordsAccess<T>(this RouteHandlerBuilder route, string action, string kind,
        Func<T, IEnumerable<Shown>> shown) =>
        route.WithMetadata(new RecordsAccess(action)).AddEndpointFilter(async (context, next) =>
        {
            var result = await next(context);
            if (Answer<T>(result) is { } answer) await Of(context.HttpContext, action, kind, shown(answer));
            return result;
        });

    static T? Answer<T>(object? result) =>
        (result is INestedHttpResult nested ? nested.Result : result) is IValueHttpResult { Value: T value }
            ? value : default;

    /// <summary>Records the same for a page, which reads its data while it is drawn. It is called before anything is
    /// drawn.</summary>
    public static async Task Of(HttpContext http, string action, string kind, IEnumerable<Shown> shown)
    {
        var caller = CurrentUser.From(http);
        if (caller.Role == Allow.Patient) return;
        var others = shown.Where(s => s.Person != caller.Id).ToList();
        if (others.Count == 0) return;
        await http.RequestServices.GetRequiredService<NpgsqlDataSource>().Statement(Append)
            .With(caller.Id).With(caller.Role).With(action).With(kind)
            .With(others.ConvertAll(s => s.Person).ToArray()).With(others.ConvertAll(s => s.Thing).ToArray())
            .With(caller.Trace).Execute();
    }

    const string Append = """
        insert into audit.events (actor_id, actor_role, action, entity, entity_id, details, trace_id)
        select $1, $2, $3, 'person', person, jsonb_strip_nulls(jsonb_build_object('kind', $4::text, 'count', count(*),
               'ids', jsonb_agg(thing) filter (where thing is not null))), $7
          from unnest($5::uuid[], $6::uuid[]) as u (person, thing) group by person order by person
        """;
}
