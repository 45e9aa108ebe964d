using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Identity.Accounts;

/// <summary>Prevents that an installation loses its last admin.</summary>
/// <remarks>The admins are locked first, in the order of their ids. Two admins who remove each other or leave at the
/// same moment cannot both succeed.</remarks>
static class Admins
{
    public static Task Lock(NpgsqlConnection connection) => connection.Statement(LockAll).Execute();

    /// <summary>Whether the account is the only active admin. Under the lock the answer holds until commit.</summary>
    public static Task<bool> IsLast(NpgsqlConnection connection, Guid account) =>
        connection.Statement(NoOther).With(account).Value<bool>();

    const string LockAll = """
        select id from identity.users where role = 'admin' and suspended_at is null
           and erased_at is null order by id for update
        """;

    // An admin whose account is closed may return, but that is not certain.
    const string NoOther = """
        select u.role = 'admin' and u.suspended_at is null and not exists (
               select from identity.users other
                where other.role = 'admin' and other.suspended_at is null and other.erased_at is null
                  and other.deletion_due_at is null and other.id <> u.id)
          from identity.users u where u.id = $1
        """;
}
