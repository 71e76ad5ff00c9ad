using System.CommandLine;
using ParScale.Cli.Parsing;
using ParScale.Cli.Terminals;
using ParScale.ScalingLaws;
using ParScale.ScalingLaws.Law;

namespace ParScale.Cli.Options;

/// <summary>Whose losses a law is made of: one of the two published tables, or a file.</summary>
internal sealed class LossTableOption
{
    private const string Stack = "stack";
    private const string Pile = "pile";

    private readonly Option<string?> _arms = new("--arms")
    {
        Description = "Of a sweep's table, the rows with ordinary, elastic or anchored streams; each kind has a law of its own (default: ordinary).",
        HelpName = "ordinary|elastic|anchored",
    };

    private readonly Option<string?> _models = new("--models")
    {
        Description = "Of a sweep's table, the rows of these models, with commas between them (default: all).",
        HelpName = "NAME,...",
    };

    public Option<string?> Option { get; } = new("--data")
    {
        Description = "Losses: stack (Stack-V2-Python) or pile, the two published tables, or a CSV file with columns n, p and loss.",
        HelpName = "stack|pile|FILE",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(Option);
        command.Options.Add(_arms);
        command.Options.Add(_models);
    }

    /// <summary>The first of these options that was given, or null.</summary>
    public string? Given(ParseResult parse) => parse.GetValue(Option) is not null ? Option.Name : Chooses(parse);

    /// <summary>The table; throws when there is none or when it is no table.</summary>
    public LossTable Read(ParseResult parse, Terminal terminal) => parse.GetValue(Option) switch
    {
        Stack or Pile when Chooses(parse) is { } flag => throw ParScaleException.Usage("CL-02", $"{flag} is for the table of a sweep; the published tables have ordinary streams"),
        null when Chooses(parse) is { } flag => throw ParScaleException.Usage("CL-02", $"{flag} is for the table of a sweep: give it with --data FILE.csv"),
        null => throw ParScaleException.Usage("CL-02", "no losses given: use --data stack, --data pile or --data FILE.csv"),
        Stack => LossTable.StackV2Python,
        Pile => LossTable.Pile,
        string file => Guard(file, () => LossTable.Parse(new StringReader(Text(file, terminal)), Path.GetFileName(file), Kind(parse), Models(parse))),
    };

    /// <summary>The fit to <paramref name="table"/>.</summary>
    public LawFit Fit(ParseResult parse, LossTable table) => Guard(parse.GetValue(Option) ?? table.Name, () => LawFit.Of(table));

    /// <summary>The law of the table: for the two published tables the published parameters, else a fit.</summary>
    public ScalingLaw Law(ParseResult parse, LossTable table) => parse.GetValue(Option) switch
    {
        Stack => ScalingLaw.StackV2Python,
        Pile => ScalingLaw.Pile,
        _ => Fit(parse, table).Law,
    };

    /// <summary>The kind of streams whose rows are asked for.</summary>
    public StreamKind Kind(ParseResult parse) => parse.GetValue(_arms) switch
    {
        null or "ordinary" => StreamKind.Ordinary,
        "elastic" => StreamKind.Elastic,
        "anchored" => StreamKind.Anchored,
        string other => throw ParScaleException.Usage("CL-02", $"--arms is ordinary, elastic or anchored, not {ParScaleException.Quote(other)}"),
    };

    private string[]? Models(ParseResult parse) => parse.GetValue(_models)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private string? Chooses(ParseResult parse) => parse.GetValue(_arms) is not null ? _arms.Name : parse.GetValue(_models) is not null ? _models.Name : null;

    private static string Text(string file, Terminal terminal)
    {
        bool name = file.All(char.IsLetter) && !Path.Exists(file);
        if (!name) return TextSource.ReadFile(file, terminal);
        string meant = NearestName.Find(file, [Stack, Pile]) is { } nearest ? $"; did you mean {nearest}?" : "";
        throw ParScaleException.Usage("CL-02", $"--data needs stack, pile or a file, and {ParScaleException.Quote(file)} is none of them{meant}");
    }

    private static T Guard<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (LossTableException problem)
        {
            throw ParScaleException.BadInput(problem.Code, file, problem.Message, problem);
        }
    }
}
