using System.ComponentModel.DataAnnotations;

namespace Amrutam.Platform;

/// <summary>Settings bound at start; a wrong or unknown one stops the start with one clear line.</summary>
static class Settings
{
    /// <summary>Binds a section to <typeparamref name="T"/>, checks its annotations, and registers the result as a
    /// singleton.</summary>
    /// <exception cref="StartupException">A value cannot be read, is out of range, or its name is not
    /// known.</exception>
    public static T AddSettings<T>(this WebApplicationBuilder builder, string section) where T : class, new()
    {
        T settings;
        try
        {
            settings = builder.Configuration.GetSection(section).Get<T>(o => o.ErrorOnUnknownConfiguration =
                true) ?? new();
        }
        catch (InvalidOperationException e)
        {
            throw new StartupException($"Setting {section}: {(e.InnerException ?? e).Message}", e);
        }
        var errors = new List<ValidationResult>();
        if (!Validator.TryValidateObject(settings, new(settings), errors, validateAllProperties: true))
            throw new StartupException(
                $"Setting {section}__{errors[0].MemberNames.FirstOrDefault()}: {errors[0].ErrorMessage}");
        builder.Services.AddSingleton(settings);
        return settings;
    }
}
