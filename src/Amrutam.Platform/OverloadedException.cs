namespace Amrutam.Platform;

/// <summary>A queue is full or a deadline has passed. The client gets 503 <c>overloaded</c>.</summary>
/// <param name="reason">For logs only.</param>
sealed class OverloadedException(string reason) : Exception(reason);
