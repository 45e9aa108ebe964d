namespace Amrutam.Platform;

/// <summary>The server or a command cannot start. The message is one line for the operator.</summary>
sealed class StartupException(string message, Exception? cause = null) : Exception(message, cause);
