using System.CommandLine;
using ParScale.Cli.Options;
using ParScale.Cli.Terminals;
using ParScale.ScalingLaws;
using ParScale.ScalingLaws.Law;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Planning;

/// <summary>The law that tells losses: a published one, or one fitted to a file; without <c>--data</c> that of Stack-V2-Python.</summary>
internal sealed class LawChoice
{
    private readonly LossTableOption _data = new();

    public void AddTo(Command command) => _data.AddTo(command);

    /// <summary>The first of the options that was given, or null.</summary>
    public string? Given(ParseResult parse) => _data.Given(parse);

    /// <summary>Whether the law is that of an anchor's helpers.</summary>
    public bool IsOfAnchored(ParseResult parse) => _data.Kind(parse) == StreamKind.Anchored;

    /// <summary>The law, the name of its data, and how far they reach.</summary>
    public (ScalingLaw Law, string Name, FittedRange Fitted) Read(ParseResult parse, Terminal terminal)
    {
        bool given = Given(parse) is not null;
        LossTable table = given ? _data.Read(parse, terminal) : LossTable.StackV2Python;
        foreach (string note in table.Notes) terminal.Note(note);
        var fitted = new FittedRange(table.Points.Min(point => point.N), table.Points.Max(point => point.N), table.MostStreams);
        return (given ? _data.Law(parse, table) : ScalingLaw.StackV2Python, table.Name, fitted);
    }
}
