using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ParScale.Generation;

namespace ParScale.Cli.Options;

/// <summary>How many streams run: <c>--streams</c>, and where they may rest, for which tokens they do.</summary>
internal sealed class StreamOptions
{
    private const int MostStreams = 64;
    private const string Auto = "auto", Router = "router", Entropy = "entropy";

    private readonly Option<StreamNumber?> _streams;
    private readonly Option<double?> _budget = NumberOption.Real("--stream-budget",
        FormattableString.Invariant($"With --streams auto: mean streams per new token that the gate keeps to (default: {StreamGate.DefaultBudget})."), value => value is >= 1 and <= MostStreams, FormattableString.Invariant($"from 1 to {MostStreams}"));
    private readonly Option<double?> _threshold = NumberOption.Real("--stream-threshold",
        "With --streams auto: entropy of the plain model's prediction, or with --stream-gate router the gain that is expected of all streams, nats, above which they run; fixed without a budget.", value => value is >= 0 and <= 100, "from 0 to 100");
    private readonly Option<string?> _score = new("--stream-gate")
    {
        Description = "With --streams auto: what decides, the model's router or the entropy (default: router where the model has one and no threshold is given).",
        HelpName = $"{Router}|{Entropy}",
        Arity = ArgumentArity.ExactlyOne,
    };

    private readonly bool _mayRest;

    /// <param name="mayRest">Whether streams of an anchored or elastic model may be left out where the plain model is sure.</param>
    public StreamOptions(bool mayRest)
    {
        _mayRest = mayRest;
        _score.AcceptOnlyFromAmong(Router, Entropy);
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
        command.Options.Add(_score);
    }

    /// <summary>P; null when it is not given, or is <c>auto</c>.</summary>
    public int? Count(ParseResult parse) => parse.GetValue(_streams)?.Count;

    /// <summary>When all streams run; null unless <c>auto</c> is given.</summary>
    /// <exception cref="ParScaleException">A budget, a threshold or what decides is given without it.</exception>
    public StreamGate? Gate(ParseResult parse)
    {
        if (!_mayRest) return null;
        (double? budget, double? threshold, string? score) = (parse.GetValue(_budget), parse.GetValue(_threshold), parse.GetValue(_score));
        if (parse.GetValue(_streams) is { Count: null })
            return new StreamGate { Budget = budget, Threshold = threshold, Score = score is null ? null : score == Router ? GateScore.Router : GateScore.Entropy };
        Option? alone = budget is not null ? _budget : threshold is not null ? _threshold : score is not null ? _score : null;
        return alone is null ? null : throw ParScaleException.Usage("CL-02", $"{alone.Name} needs --streams auto");
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
