using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;
using System.Runtime.InteropServices;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;

namespace ParScale.Cli.Parsing;

/// <summary>Prints the version of the tool and of the runtime under it, whatever else is on the command line.</summary>
internal sealed class ShowVersion(Terminal terminal, CommonOptions common) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        string version = typeof(ShowVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "?";
        if (parseResult.GetValue(common.Json)) terminal.WriteJson(new VersionResult(version), CliJson.Readable.VersionResult);
        else terminal.Out.WriteLine($"parscale {version} ({RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier})");
        return 0;
    }
}

/// <summary>The JSON of <c>parscale --version</c>.</summary>
/// <param name="Version">Version of the tool.</param>
internal sealed record VersionResult(string Version);
