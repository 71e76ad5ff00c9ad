using System.Globalization;
using ParScale.Cli.Terminals;

namespace ParScale.Cli;

/// <summary>The command <c>parscale</c>.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
        return CommandLine.Run(args, Terminal.OfProcess());
    }
}
