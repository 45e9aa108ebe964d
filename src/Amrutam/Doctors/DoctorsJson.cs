using System.Text.Json.Serialization;
using Amrutam.Doctors.Directory;
using Amrutam.Platform.Http.Binding;

namespace Amrutam.Doctors;

/// <summary>The shapes of the directory, known when the program is compiled.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(Doctor))]
[JsonSerializable(typeof(Page<Doctor>))]
sealed partial class DoctorsJson : JsonSerializerContext;
