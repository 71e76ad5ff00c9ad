using System.Globalization;
using ParScale.Configuration;

namespace ParScale.Training.Configuration;

/// <summary>The numbers of streams that an elastic run trains, as settings write them: <c>1,2,4,8</c>.</summary>
internal static class ElasticStreams
{
    /// <summary>In place of a list: all powers of two up to P, and P.</summary>
    public const string All = "all";

    /// <summary>In place of a list: none, also where the model of <c>--from</c> has some.</summary>
    public const string None = "none";

    /// <summary>The list that <paramref name="text"/> means for P streams, in order; null for none.</summary>
    /// <exception cref="ParScaleException">It is no list of two or more numbers from 1 to P with P among them (TR-10).</exception>
    public static string? Canonical(string? text, int streams)
    {
        if (text is null or None) return null;
        if (streams == 1) throw ParScaleException.Usage("TR-10", "--elastic needs --streams 2 or more");
        int[] counts = text == All ? [.. PowersOfTwo(streams)] : [.. Numbers(text).Distinct().Order()];
        if (counts.Length >= 2 && counts[0] >= 1 && counts[^1] == streams) return Text(counts);
        throw ParScaleException.Usage("TR-10",
            $"--elastic is {ParScaleException.Quote(text)}; give numbers of streams from 1 to --streams {streams}, two or more with {streams} among them, such as {Text(PowersOfTwo(streams))}");
    }

    /// <summary>Weights belong to numbers in the order of the list: one that is sorted for the user would give them to others.</summary>
    /// <exception cref="ParScaleException">There are weights, and a list is not in rising order, each number once (TR-10).</exception>
    public static void RequireOrder(string? text, string? weights)
    {
        if (weights is null || text is null or None or All) return;
        int[] counts = [.. Numbers(text)];
        if (!counts.SequenceEqual(counts.Distinct().Order()))
            throw ParScaleException.Usage("TR-10", $"--elastic is {ParScaleException.Quote(text)}; with --elastic-weights give its numbers in rising order, each once");
    }

    /// <summary>The numbers of a list that <see cref="Canonical"/> gave; none for null.</summary>
    public static int[] Of(string? canonical) => canonical is null ? [] : [.. Numbers(canonical)];

    /// <summary>The list of a checkpoint, P added; null when it runs with P alone.</summary>
    public static string? Of(StreamConfig streams)
    {
        int[] counts = [.. streams.Elastic.Append(streams.Count).Distinct().Order()];
        return counts.Length < 2 ? null : Text(counts);
    }

    /// <summary>A list as settings write it.</summary>
    private static string Text(IEnumerable<int> counts) => string.Join(',', counts.Select(count => count.ToString(CultureInfo.InvariantCulture)));

    /// <summary>The weights of the losses, of sum 1: equal ones, or those that <paramref name="text"/> has for each of <paramref name="count"/>.</summary>
    /// <exception cref="ParScaleException">It has not as many numbers above 0 (TR-10).</exception>
    public static double[] Weights(string? text, int count)
    {
        double[] weights = text is null ? [.. Enumerable.Repeat(1.0, count)] : [.. text.Split(',').Select(Weight)];
        if (weights.Length != count || !weights.All(weight => weight is > 0 and < double.PositiveInfinity))
        {
            throw ParScaleException.Usage("TR-10",
                $"--elastic-weights is {ParScaleException.Quote(text ?? "")}; give {count} numbers above 0, one for each number of streams of --elastic");
        }
        double sum = weights.Sum();
        return [.. weights.Select(weight => weight / sum)];
    }

    private static IEnumerable<int> PowersOfTwo(int streams)
    {
        for (int count = 1; count < streams; count *= 2) yield return count;
        yield return streams;
    }

    private static IEnumerable<int> Numbers(string text) => text.Split(',').Select(word =>
        int.TryParse(word.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : 0);

    private static double Weight(string word) =>
        double.TryParse(word.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double weight) ? weight : double.NaN;
}
