using System.Security.Cryptography;
using System.Text;
using Amrutam.Platform.Data;
using Amrutam.Platform.Http.Problems;
using Npgsql;

namespace Amrutam.Identity.SignIn;

/// <summary>Counts attempts in the database, so that a limit holds across all replicas. It counts before the attempt,
/// so concurrent attempts all count.</summary>
/// <remarks> It fails closed: without the database there is no attempt. Keys are hashes, so the table names nobody. A
/// refused attempt does not extend the wait, so a person who waits can sign in during an attack. </remarks>
sealed class AttemptLimiter(NpgsqlDataSource db, LimitMeter meter)
{
    public const int NotRefused = 0;
    const int MinuteSeconds = 60, HourSeconds = 60 * 60;

    sealed record Answer(int RetryAfterSeconds);

    /// <summary>At most <paramref name="limit"/> in a minute; 0 lifts it.</summary>
    /// <returns>The seconds to wait; 0 if the attempt is allowed.</returns>
    public async Task<int> CountInMinute(string what, string who, int limit)
    {
        if (limit == 0) return NotRefused;
        var answer = await db.Statement(CountInWindow).With(what).With(Key(who)).With(MinuteSeconds).With(limit)
            .One(row => new Answer(row.GetInt32(0)));
        return Metered(what, answer!);
    }

    /// <summary>After <paramref name="limit"/> in a row without <see cref="Forget"/>, each next one waits: a minute,
    /// doubling to <paramref name="longestSeconds"/>.</summary>
    /// <returns>The seconds to wait; 0 if the attempt is allowed.</returns>
    public async Task<int> CountInRow(string what, string who, int limit, int longestSeconds)
    {
        if (limit == 0) return NotRefused;
        var answer = await db.Statement(CountAndBlock).With(what).With(Key(who)).With(limit).With(longestSeconds)
            .One(row => new Answer(row.GetInt32(0)));
        return Metered(what, answer!);
    }

    /// <summary>At most <paramref name="limit"/> in an hour; 0 lifts it. Counted in the running transaction, with what
    /// the limit is for.</summary>
    /// <returns>The seconds to wait; 0 if the attempt is allowed.</returns>
    public async Task<int> CountInHour(NpgsqlConnection connection, string what, string who, int limit)
    {
        if (limit == 0) return NotRefused;
        var answer = await connection.Statement(CountInWindow).With(what).With(Key(who)).With(HourSeconds).With(limit)
            .One(row => new Answer(row.GetInt32(0)));
        return Metered(what, answer!);
    }

    /// <summary>Ends a row, on the connection that commits the success.</summary>
    public static Task<int> Forget(NpgsqlConnection connection, string what, string who) =>
        connection.Statement(Delete).With(what).With(Key(who)).Execute();

    int Metered(string what, Answer answer)
    {
        if (answer.RetryAfterSeconds != NotRefused) meter.Count(what);
        return answer.RetryAfterSeconds;
    }

    static byte[] Key(string who) => SHA256.HashData(Encoding.UTF8.GetBytes(who));

    const string CountInWindow = """
        insert into identity.attempts as a (what, who, count, since) values ($1, $2, 1, now())
        on conflict (what, who) do update set
               count = case when a.since <= now() - $3 * interval '1 second' then 1 else a.count + 1 end,
               since = case when a.since <= now() - $3 * interval '1 second' then now() else a.since end
        returning case when count <= $4 then 0
                       else greatest(1, ceil(extract(epoch from since + $3 * interval '1 second' - now())))::int end
        """;

    // The attempt that reaches the limit is allowed and blocks the next one.
    const string CountAndBlock = """
        insert into identity.attempts as a (what, who, count, since, blocked_until)
        values ($1, $2, 1, now(), case when $3 <= 1 then now() + interval '1 minute' end)
        on conflict (what, who) do update set
               refused = coalesce(a.blocked_until > now(), false),
               count = case when a.blocked_until > now() then a.count
                            when a.since < now() - interval '1 day' then 1
                            else a.count + 1 end,
               blocked_until = case when a.blocked_until > now() then a.blocked_until
                                    when a.since < now() - interval '1 day' or a.count + 1 < $3 then null
                                    else now() + interval '1 second'
                                         * least($4, 60 * 2 ^ least(a.count + 1 - $3, 10)) end,
               since = case when a.blocked_until > now() then a.since else now() end
        returning case when refused then greatest(1, ceil(extract(epoch from blocked_until - now())))::int else 0 end
        """;

    const string Delete = "delete from identity.attempts where what = $1 and who = $2";
}
