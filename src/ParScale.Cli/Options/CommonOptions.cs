using System.CommandLine;

namespace ParScale.Cli.Options;

/// <summary>Options of every command.</summary>
internal sealed class CommonOptions
{
    public Option<bool> Json { get; } = Flag("--json", "Print exactly one JSON object on standard output.");

    public Option<bool> Debug { get; } = Flag("--debug", "Add the stack trace to an error.");

    public Option<bool> Quiet { get; } = Flag("--quiet", "Print no notes and no figures on standard error, only errors.", "-q");

    /// <summary>A switch without a value.</summary>
    public static Option<bool> Flag(string name, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, Arity = ArgumentArity.Zero };

    /// <summary>Adds these options to <paramref name="root"/>, valid before and after the name of a command.</summary>
    public void AddTo(Command root)
    {
        foreach (Option<bool> option in new[] { Json, Debug, Quiet })
        {
            option.Recursive = true;
            root.Options.Add(option);
        }
    }
}
