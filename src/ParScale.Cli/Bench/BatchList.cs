using System.CommandLine;
using System.Globalization;
using ParScale.Benchmarking;
using ParScale.Model;

namespace ParScale.Cli.Bench;

/// <summary>Lists of batches: <c>1+2+5</c> is a sequence of each P, <c>8x1</c> eight of P = 1, <c>16x4a</c> sixteen of an anchor and three helpers.</summary>
internal static class BatchList
{
    /// <summary>An option with such a list, each P at most <paramref name="mostStreams"/>.</summary>
    public static Option<StreamBatch[]?> CreateOption(string name, string description, int mostStreams) => new(name)
    {
        Description = description,
        HelpName = "LIST",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            StreamBatch?[] batches = [.. text.Split(',').Select(entry => Read(entry, mostStreams))];
            if (batches.All(batch => batch is not null)) return batches!;
            result.AddError(string.Create(CultureInfo.InvariantCulture,
                $"{name} needs batches such as 1+2+5, 8x1 or 16x4a, each P from 1 to {mostStreams} and at most {ForwardPass.MostRows} streams together, not {ParScaleException.Quote(text)}"));
            return null;
        },
    };

    /// <summary>A batch; null when the text is none.</summary>
    public static StreamBatch? Read(string text, int mostStreams)
    {
        var streams = new List<int>();
        bool anchored = text.EndsWith('a');
        if (anchored) text = text[..^1];
        foreach (string part in text.Split('+'))
        {
            string[] times = part.Split('x');
            int count = 1;
            if (times.Length > 2 || (times.Length == 2 && !TryNumber(times[0], ForwardPass.MostRows, out count))) return null;
            if (!TryNumber(times[^1], mostStreams, out int own)) return null;
            streams.AddRange(Enumerable.Repeat(own, count));
        }
        // One stream has no helpers.
        if (anchored && streams.All(own => own == 1)) return null;
        return streams.Sum() <= ForwardPass.MostRows ? new StreamBatch(streams, anchored) : null;
    }

    private static bool TryNumber(string text, int most, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= 1 && number <= most;
}
