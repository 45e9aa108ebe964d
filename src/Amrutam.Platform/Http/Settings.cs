using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Memory;

namespace Amrutam.Platform.Http;

/// <summary>A section and a type that is bound to it. Several types may share one section.</summary>
sealed record SettingsSection(string Name, Type Type);

/// <summary>Settings that are bound and checked at the start.</summary>
static class Settings
{
    // It separates a section from a setting in the name of an environment variable.
    const string Separator = "__";

    // The framework reads these itself.
    static readonly string[] FrameworkSections = ["Kestrel", "Logging"];

    /// <summary>Creates a builder that reads appsettings.json, the environment and the arguments, in this order.
    /// </summary>
    /// <remarks>Of the environment only variables named <c>Section__Name</c> are settings, beside the framework's own
    /// <c>ASPNETCORE_*</c> and <c>DOTNET_*</c>. The framework's default would take MAIL or DATABASE, which other
    /// programs set, for a section of ours.</remarks>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args, ContentRootPath = AppContext.BaseDirectory,
        });
        var sources = ((IConfigurationBuilder)builder.Configuration).Sources;
        for (var i = 0; i < sources.Count; i++)
            if (sources[i] is EnvironmentVariablesConfigurationSource { Prefix: null or "" })
                sources[i] = new MemoryConfigurationSource { InitialData = OwnVariables() };
        return builder;
    }

    /// <summary>Binds a section to <typeparamref name="T"/>, checks its annotations, and registers the result as a
    /// singleton.</summary>
    /// <exception cref="StartupException">A value cannot be read or is out of range.</exception>
    public static T AddSettings<T>(this WebApplicationBuilder builder, string section) where T : class, new()
    {
        var given = builder.Configuration.GetSection(section);
        if (given.Value is { Length: > 0 })
            throw new StartupException($"Setting {section} is a section. Write its settings as "
                + $"{section}{Separator}{typeof(T).GetProperties()[0].Name}.");
        T settings;
        try
        {
            settings = given.Get<T>() ?? new();
        }
        catch (InvalidOperationException e)
        {
            throw new StartupException(Unreadable<T>(given), e);
        }
        var errors = new List<ValidationResult>();
        if (!Validator.TryValidateObject(settings, new(settings), errors, validateAllProperties: true))
            throw new StartupException(
                $"Setting {section}__{errors[0].MemberNames.FirstOrDefault()}: {errors[0].ErrorMessage}");
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(new SettingsSection(section, typeof(T)));
        return settings;
    }

    /// <summary>Settings that were added, before there are services.</summary>
    public static T Bound<T>(this WebApplicationBuilder builder) where T : class =>
        builder.Services.Select(service => service.ImplementationInstance).OfType<T>().Single();

    /// <summary>Refuses a setting whose name or section is not known. Called when every module has bound its
    /// settings.</summary>
    /// <exception cref="StartupException">A name is not known.</exception>
    public static void RefuseUnknownSettings(this WebApplicationBuilder builder)
    {
        var sections = builder.Services.Select(s => s.ImplementationInstance).OfType<SettingsSection>()
            .ToLookup(s => s.Name, s => s.Type, StringComparer.OrdinalIgnoreCase);
        foreach (var section in builder.Configuration.GetChildren().Where(section => section.GetChildren().Any()))
        {
            if (FrameworkSections.Contains(section.Key, StringComparer.OrdinalIgnoreCase)) continue;
            var known = sections[section.Key].SelectMany(type => type.GetProperties()).Select(p => p.Name)
                .ToHashSet(StringComparer.OrdinalIgnoreCase);
            if (section.GetChildren().FirstOrDefault(setting => !known.Contains(setting.Key)) is not { } unknown)
                continue;
            var possible = known.Count > 0
                ? $"Known are: {string.Join(", ", known.Order(StringComparer.Ordinal))}."
                : $"Sections are: {string.Join(", ", sections.Select(s => s.Key).Order(StringComparer.Ordinal))}.";
            throw new StartupException($"Setting {NameOf(FirstValue(unknown))} is not known. {possible}");
        }
    }

    static Dictionary<string, string?> OwnVariables()
    {
        var own = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
            // One that begins with the separator, such as __CF_USER_TEXT_ENCODING of macOS, names no section.
            if (variable.Key is string name && name.IndexOf(Separator, StringComparison.Ordinal) > 0)
                own[name.Replace(Separator, ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)] =
                    variable.Value as string;
        return own;
    }

    /// <summary>Names the setting that cannot be read. Its value is not shown, because it may be a misplaced
    /// secret.</summary>
    static string Unreadable<T>(IConfigurationSection section)
    {
        var property = typeof(T).GetProperties()
            .First(p => !CanBeRead(section.GetSection(p.Name), p.PropertyType));
        return $"Setting {section.Key}{Separator}{property.Name}: must be {Form(property)}.";
    }

    static bool CanBeRead(IConfigurationSection setting, Type type)
    {
        try
        {
            setting.Get(type);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    static string Form(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return type.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(type)).ToLowerInvariant()
            : type == typeof(bool) ? "true or false"
            : type == typeof(int) ? "a whole number"
            : type == typeof(double) ? "a number"
            : type == typeof(Uri) ? "an address, such as https://amrutam.example.org"
            : "readable as " + type.Name;
    }

    static IConfigurationSection FirstValue(IConfigurationSection section) =>
        section.GetChildren().FirstOrDefault() is { } child ? FirstValue(child) : section;

    static string NameOf(IConfigurationSection setting) =>
        setting.Path.Replace(ConfigurationPath.KeyDelimiter, Separator, StringComparison.Ordinal);
}
