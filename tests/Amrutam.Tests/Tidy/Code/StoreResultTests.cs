using System.Text.RegularExpressions;
using Amrutam.Identity.Accounts;
using Microsoft.AspNetCore.Identity;

namespace Amrutam.Tests.Tidy.Code;

/// <summary>A store of ASP.NET Core Identity reports a failed change by its result, and nothing else.</summary>
public sealed class StoreResultTests
{
    static readonly string[] Changes = [.. typeof(UserManager<User>).GetMethods()
        .Where(method => method.ReturnType == typeof(Task<IdentityResult>)).Select(method => method.Name).Distinct()];

    [Fact]
    public void The_result_of_a_change_of_an_account_is_read()
    {
        Changes.Length.ShouldBeGreaterThan(20);
        var ignored = new Regex(
            $@"^\s*(_ = )?await \w+\.({string.Join('|', Changes)})\((?>[^()]+|\((?<d>)|\)(?<-d>))*(?(d)(?!))\)\s*;",
            RegexOptions.Multiline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
        Tree.Files.Where(file => file.StartsWith("src/", StringComparison.Ordinal)
                && file.EndsWith(".cs", StringComparison.Ordinal))
            .SelectMany(file => ignored.Matches(File.ReadAllText(Tree.Path(file)))
                .Select(match => $"{file}: {match.Value.Trim()}"))
            .ShouldBeEmpty();
    }
}
