using Amrutam.Platform.Http;

namespace Amrutam.Identity.Accounts;

/// <summary>The roles of accounts, and the ways to get them.</summary>
static class AccountRoles
{
    public static readonly string[] All = Allow.Roles[Allow.SignedIn];

    /// <summary>The roles that a person signs up for.</summary>
    public static readonly string[] Open = [Allow.Patient, Allow.Doctor];

    /// <summary>The roles that an admin invites to.</summary>
    public static readonly string[] Invited = [Allow.Doctor, Allow.Staff, Allow.Admin];

    /// <returns>True for a role that is given by invitation alone.</returns>
    public static bool IsByInvitationAlone(string role) => All.Contains(role) && !Open.Contains(role);
}
