using System.ComponentModel.DataAnnotations;

namespace Amrutam.Platform.Http.Limits;

/// <summary>Limits of one caller on one server (section <c>Limits</c>). 0 lifts a limit.</summary>
sealed class RequestLimits
{
    // A request uses one connection of the pool at a time, so this is also a caller's share of the 32 connections.
    [Range(0, int.MaxValue)] public int RequestsAtOnce { get; init; } = 4;

    // Per minute. A person changes a few things a minute, and a program that publishes slots a few a second.
    [Range(0, int.MaxValue)] public int ChangesPerAccount { get; init; } = 120;

    // Per minute, by callers that are not signed in. A clinic may share one address.
    [Range(0, int.MaxValue)] public int ChangesPerAddress { get; init; } = 600;
}
