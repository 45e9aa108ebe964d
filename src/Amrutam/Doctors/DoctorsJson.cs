using System.Text.Json.Serialization;
using Amrutam.Doctors.Profiles;
using Amrutam.Platform.Http.Binding;

namespace Amrutam.Doctors;

/// <summary>The JSON types of the directory, compiled ahead.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(Doctor))]
[JsonSerializable(typeof(Page<Doctor>))]
sealed partial class DoctorsJson : JsonSerializerContext;
