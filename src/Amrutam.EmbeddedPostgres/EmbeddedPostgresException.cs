namespace Amrutam.EmbeddedPostgres;

/// <summary>The private PostgreSQL cannot be used. The message is one line with the cause and the remedy.</summary>
sealed class EmbeddedPostgresException(string message, Exception? inner = null) : Exception(message, inner);
