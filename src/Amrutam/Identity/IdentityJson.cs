using System.Text.Json.Serialization;
using Amrutam.Identity.Sessions;
using Amrutam.Identity.SignIn;

namespace Amrutam.Identity;

/// <summary>The JSON metadata of signing in, generated at compile time.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(LogIn.Request), TypeInfoPropertyName = "LogInRequest")]
[JsonSerializable(typeof(RefreshSession.Request), TypeInfoPropertyName = "RefreshSessionRequest")]
[JsonSerializable(typeof(TokenPair))]
sealed partial class IdentityJson : JsonSerializerContext;
