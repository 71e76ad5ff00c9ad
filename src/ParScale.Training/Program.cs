using System.CommandLine;
using ParScale;
using ParScale.Training.Commands;

var root = new RootCommand("Trains ParScale models: parscale-train COMMAND --help") { TokenizerCommand.Create(), TrainCommand.Create() };
ParseResult parse = root.Parse(args);
try
{
    if (parse.Errors.Count > 0)
    {
        Console.Error.WriteLine($"parscale-train: {parse.Errors[0].Message}");
        return ExitCodes.Usage;
    }
    return parse.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (ParScaleException e)
{
    Console.Error.WriteLine($"parscale-train: {e.Message} [{e.Code}]");
    return (int)e.Kind;
}
