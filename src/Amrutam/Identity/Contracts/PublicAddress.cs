namespace Amrutam.Identity.Contracts;

/// <summary>The public address of this server, as the operator states it. Links begin with it.</summary>
sealed record PublicAddress(Uri Url);
