using System.Text.Json.Serialization;

namespace Amrutam.Identity;

/// <summary>The shapes of signing in, known when the program is compiled.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(LogIn.Request), TypeInfoPropertyName = "LogInRequest")]
[JsonSerializable(typeof(RefreshSession.Request), TypeInfoPropertyName = "RefreshSessionRequest")]
[JsonSerializable(typeof(Tokens))]
sealed partial class IdentityJson : JsonSerializerContext;
