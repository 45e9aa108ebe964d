using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Identity.Users;

/// <summary>Keeps an installation from losing its last admin.</summary>
/// <remarks>The admins are locked first, in the order of their ids, so that two who remove each other, or leave, at the
/// same moment do not both succeed.</remarks>
static class Admins
{
    public static Task Lock(NpgsqlConnection connection) => connection.Statement(LockAll).Execute();

    /// <summary>Whether nobody else could go on as an admin. True under the lock stays true until its end.</summary>
    public static Task<bool> IsLast(NpgsqlConnection connection, Guid account) =>
        connection.Statement(NoOther).With(account).Value<bool>();

    const string LockAll = """
        select id from identity.users where role = 'admin' and suspended_at is null
           and erased_at is null order by id for update
        """;

    // Who asked to be deleted may come back, but nobody can count on it.
    const string NoOther = """
        select u.role = 'admin' and u.suspended_at is null and not exists (
               select from identity.users other
                where other.role = 'admin' and other.suspended_at is null and other.erased_at is null
                  and other.deletion_due_at is null and other.id <> u.id)
          from identity.users u where u.id = $1
        """;
}
