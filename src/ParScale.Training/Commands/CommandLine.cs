using System.CommandLine;

namespace ParScale.Training.Commands;

/// <summary>The command line as a function: arguments in, exit code out, errors as one line on stderr.</summary>
internal static class CommandLine
{
    public static int Run(string[] args)
    {
        var debug = new Option<bool>("--debug") { Description = "print the trace of an error", Recursive = true };
        var root = new RootCommand("Trains ParScale models.") { TokenizerCommand.Create(), TrainCommand.Create(), debug };
        ParseResult parse = root.Parse(args);
        if (parse.Errors.Count > 0) return Fail("TR-10", parse.Errors[0].Message, ExitCodes.Usage);
        try
        {
            return parse.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (ParScaleException e)
        {
            if (parse.GetValue(debug)) Console.Error.WriteLine(e);
            return Fail(e.Code, e.Message, (int)e.Kind);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Fail("TR-17", $"{e.Message}; check the path, its permissions, the free space, and that no other run uses it", (int)ErrorKind.Io);
        }
        catch (Exception e) when (!parse.GetValue(debug))
        {
            return Fail("TR-00", $"a bug of ours, please report it with --debug: {e.Message}", ExitCodes.Bug);
        }
    }

    private static int Fail(string code, string message, int exitCode)
    {
        Console.Error.WriteLine($"parscale-train: error {code}: {message.ReplaceLineEndings(" ")}");
        return exitCode;
    }
}
