namespace Amrutam.Platform.Http.Problems;

/// <summary>Another request changed the resource after this one read it; nothing was stored: 409
/// <c>conflict</c>.</summary>
sealed class ChangedMeanwhileException() : Exception("another request changed it meanwhile");
