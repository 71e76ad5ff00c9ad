using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using ParScale.Cli.Terminals;

namespace ParScale.Cli;

/// <summary>The command <c>parscale</c>.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        try
        {
            return Run(args);
        }
        catch (Exception problem)
        {
            return Fail(problem);
        }
    }

    // Not inlined: what it needs may be impossible to load, and that must happen inside Main's try.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Run(string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.InvariantCulture;
        return CommandLine.Run(args, Terminal.OfProcess());
    }

    // Uses nothing that is not loaded yet: where the system has no open file left for us, neither console nor library can be.
    private static int Fail(Exception problem)
    {
        try
        {
            string advice = problem is FileNotFoundException or FileLoadException ? "; is the limit of open files too low (ulimit -n)?" : "";
            string line = $"parscale: error IO-01: the tool cannot start: {problem.Message.ReplaceLineEndings(" ").Trim()}{advice}\n";
            using var error = new FileStream(new SafeFileHandle(2, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            error.Write(Encoding.UTF8.GetBytes(line));
        }
        catch (Exception unsaid) when (unsaid is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Standard error takes nothing; the exit code says it all the same.
        }
        return 4;
    }
}
