using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ParScale.Generation;

namespace ParScale.Cli.Options;

/// <summary>How many streams run: <c>--streams</c>, and where they may rest, for which tokens they do.</summary>
internal sealed class StreamOptions
{
    private const int MostStreams = 64;
    private const string Auto = "auto";

    private readonly Option<StreamNumber?> _streams;
    private readonly Option<double?> _budget = NumberOption.Real("--stream-budget",
        FormattableString.Invariant($"With --streams auto: mean streams per new token that the gate keeps to (default: {StreamGate.DefaultBudget})."), value => value is >= 1 and <= MostStreams, FormattableString.Invariant($"from 1 to {MostStreams}"));
    private readonly Option<double?> _threshold = NumberOption.Real("--stream-threshold",
        "With --streams auto: entropy of the plain model's prediction, nats, above which all streams run; fixed without a budget.", value => value is >= 0 and <= 100, "from 0 to 100");
    private readonly bool _mayRest;

    /// <param name="mayRest">Whether streams of an anchored or elastic model may be left out where the plain model is sure.</param>
    public StreamOptions(bool mayRest)
    {
        _mayRest = mayRest;
        _streams = new Option<StreamNumber?>("--streams")
        {
            Description = "Parallel streams P (default: the model's own); 1 runs the plain backbone"
                + (mayRest ? ", auto all of an anchored or elastic model where the backbone is unsure." : "."),
            HelpName = mayRest ? "N|auto" : "N",
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = Parse,
        };
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_streams);
        if (!_mayRest) return;
        command.Options.Add(_budget);
        command.Options.Add(_threshold);
    }

    /// <summary>P; null when it is not given, or is <c>auto</c>.</summary>
    public int? Count(ParseResult parse) => parse.GetValue(_streams)?.Count;

    /// <summary>Whether a number is given, or <c>auto</c>.</summary>
    public bool IsGiven(ParseResult parse) => parse.GetValue(_streams) is not null;

    /// <summary>When all streams run; null unless <c>auto</c> is given.</summary>
    /// <exception cref="ParScaleException">A budget or a threshold is given without it.</exception>
    public StreamGate? Gate(ParseResult parse)
    {
        if (!_mayRest) return null;
        (double? budget, double? threshold) = (parse.GetValue(_budget), parse.GetValue(_threshold));
        if (parse.GetValue(_streams) is { Count: null }) return new StreamGate { Budget = budget, Threshold = threshold };
        if (budget is null && threshold is null) return null;
        throw ParScaleException.Usage("CL-02", $"{(budget is null ? _threshold.Name : _budget.Name)} needs --streams auto");
    }

    private StreamNumber? Parse(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (_mayRest && text == Auto) return new StreamNumber(null);
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= MostStreams) return new StreamNumber(count);
        string or = _mayRest ? $"{Auto} or " : "";
        result.AddError(FormattableString.Invariant($"--streams needs {or}a whole number from 1 to {MostStreams}, not {ParScaleException.Quote(text)}"));
        return null;
    }

    // What follows --streams; without a number it is auto.
    private readonly record struct StreamNumber(int? Count);
}
