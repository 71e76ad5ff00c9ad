using System.CommandLine;

namespace ParScale.Cli.Commands;

/// <summary>A command whose help ends with examples.</summary>
internal abstract class ExampleCommand(string name, string description) : Command(name, description)
{
    /// <summary>Lines to copy, each indented by two spaces.</summary>
    public abstract string Example { get; }
}
