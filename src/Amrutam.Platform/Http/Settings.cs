using System.ComponentModel.DataAnnotations;

namespace Amrutam.Platform.Http;

/// <summary>A section and a type that is bound to it. Several types may share one section.</summary>
sealed record SettingsSection(string Name, Type Type);

/// <summary>Settings that are bound and checked at the start.</summary>
static class Settings
{
    /// <summary>Binds a section to <typeparamref name="T"/>, checks its annotations, and registers the result as a
    /// singleton.</summary>
    /// <exception cref="StartupException">A value cannot be read or is out of range.</exception>
    public static T AddSettings<T>(this WebApplicationBuilder builder, string section) where T : class, new()
    {
        T settings;
        try
        {
            settings = builder.Configuration.GetSection(section).Get<T>() ?? new();
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
        builder.Services.AddSingleton(new SettingsSection(section, typeof(T)));
        return settings;
    }

    /// <summary>Refuses a setting whose section is read and whose name is not known. Called when every module has
    /// bound its settings.</summary>
    /// <exception cref="StartupException">A name is not known.</exception>
    public static void RefuseUnknownSettings(this WebApplicationBuilder builder)
    {
        var sections = builder.Services.Select(s => s.ImplementationInstance).OfType<SettingsSection>()
            .ToLookup(s => s.Name, s => s.Type, StringComparer.OrdinalIgnoreCase);
        foreach (var section in sections)
        {
            var known = section.SelectMany(type => type.GetProperties()).Select(p => p.Name)
                .ToHashSet(StringComparer.OrdinalIgnoreCase);
            foreach (var setting in builder.Configuration.GetSection(section.Key).GetChildren())
                if (!known.Contains(setting.Key))
                    throw new StartupException($"Setting {section.Key}__{setting.Key} is not known. "
                        + $"Known are: {string.Join(", ", known.Order(StringComparer.Ordinal))}.");
        }
    }
}
