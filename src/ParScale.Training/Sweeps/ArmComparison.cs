using System.Text.Json;
using MathNet.Numerics.Distributions;
using ParScale.Training.Evaluation;

namespace ParScale.Training.Sweeps;

/// <summary>
/// The arms of a sweep, each with all its finished seeds, against one of them: what streams do, and paired differences of the validation
/// loss, seed by seed.
/// </summary>
/// <param name="Baseline">The arm that the others are compared with.</param>
/// <param name="Arms">All arms, in the order of the sweep.</param>
internal sealed record ArmComparison(string Baseline, IReadOnlyList<ArmRow> Arms)
{
    /// <summary>More signs than this cannot all be tried.</summary>
    public const int MostSeeds = 20;

    private const double Coverage = 0.95;
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public string ToJson() => JsonSerializer.Serialize(this, Format);

    /// <summary>
    /// Reads the finished runs of a sweep's folder, or of its table of results. An arm is what runs have in common that differ in nothing but
    /// the seed.
    /// </summary>
    /// <exception cref="ParScaleException">It is none of a sweep (SW-04, SW-10), or has no such arm or too many seeds of it (SW-09).</exception>
    public static ArmComparison Read(string path, string baseline)
    {
        var arms = new OrderedDictionary<string, SortedDictionary<string, ArmRun>>(StringComparer.Ordinal);
        foreach ((string name, string seed, ArmRun? run) in File.Exists(path) ? ArmRun.OfTable(path) : ArmRun.OfFolder(path))
        {
            string arm = ArmOf(name, seed);
            if (!arms.TryGetValue(arm, out SortedDictionary<string, ArmRun>? seeds)) arms[arm] = seeds = new(StringComparer.Ordinal);
            if (run is not null) seeds[seed] = run;
        }
        if (!arms.TryGetValue(baseline, out SortedDictionary<string, ArmRun>? against) || against.Count is 0 or > MostSeeds)
        {
            throw ParScaleException.Usage("SW-09",
                $"--baseline {ParScaleException.Quote(baseline)} is no arm with 1 to {MostSeeds} finished seeds; the sweep's arms are {string.Join(", ", arms.Keys)}");
        }
        ArmRow[] rows = [.. arms.Where(arm => arm.Value.Count > 0).Select(arm => Row(arm.Key, arm.Value, arm.Key == baseline ? null : against))];
        return new ArmComparison(baseline, WithHolm(rows));
    }

    private static string ArmOf(string name, string seed)
    {
        string word = SweepFile.SeedWord(seed);
        if (seed.Length == 0 || !name.EndsWith(word, StringComparison.Ordinal)) return name;
        if (name == word) return SweepFile.SeedMark;
        return name[^(word.Length + 1)] == '-' ? name[..^(word.Length + 1)] : name;
    }

    private static ArmRow Row(string name, SortedDictionary<string, ArmRun> seeds, SortedDictionary<string, ArmRun>? against)
    {
        ArmRun[] runs = [.. seeds.Values];
        // Null where no run has streams.
        double? Mean(Func<ArmRun, double?> value) => runs.Average(value);
        double loss = runs.Average(run => run.Loss);
        double? best = Mean(run => run.BestStream);
        return new ArmRow(name, seeds.Count, loss, Mean(run => run.Rho), Mean(run => run.Cosine), best, Mean(run => run.WorstStream), best - loss)
        {
            Elastic = Cuts(runs),
            Difference = against is null ? null : Differ([.. seeds.Keys.Where(against.ContainsKey).Select(seed => seeds[seed].Loss - against[seed].Loss)]),
        };
    }

    // Of the numbers of streams that all seeds have; null where there are none.
    private static CutLoss[]? Cuts(ArmRun[] runs)
    {
        CutLoss[] cuts = [.. runs.SelectMany(run => run.Elastic ?? []).GroupBy(cut => cut.Streams).Where(cut => cut.Count() == runs.Length)
            .OrderBy(cut => cut.Key).Select(cut => new CutLoss(cut.Key, cut.Average(one => one.Loss)))];
        return cuts.Length > 0 ? cuts : null;
    }

    /// <summary>The mean of paired differences, Student's interval of it, and the share of all choices of signs that give as large a mean.</summary>
    internal static PairedDifference? Differ(double[] differences)
    {
        int pairs = differences.Length;
        if (pairs is 0 or > MostSeeds) return null;
        double mean = differences.Average();
        double deviation = pairs < 2 ? double.NaN : Math.Sqrt(differences.Sum(d => (d - mean) * (d - mean)) / (pairs - 1));
        double? reach = pairs < 2 ? null : StudentT.InvCDF(0, 1, pairs - 1, (1 + Coverage) / 2) * deviation / Math.Sqrt(pairs);
        // A sum that is as large but for its rounding counts.
        double least = Math.Abs(differences.Sum()) * (1 - 1e-12);
        int asLarge = Enumerable.Range(0, 1 << pairs).Count(signs => Math.Abs(differences.Select((d, i) => (signs >> i & 1) == 0 ? d : -d).Sum()) >= least);
        double p = (double)asLarge / (1 << pairs);
        return new PairedDifference(pairs, mean, mean - reach, mean + reach, p, p);
    }

    /// <summary>Holm's correction over all arms that are compared.</summary>
    private static ArmRow[] WithHolm(ArmRow[] rows)
    {
        ArmRow[] tested = [.. rows.Where(row => row.Difference is not null).OrderBy(row => row.Difference!.P)];
        double least = 0;
        var corrected = new Dictionary<string, double>(StringComparer.Ordinal);
        for (int i = 0; i < tested.Length; i++)
            corrected[tested[i].Name] = least = Math.Max(least, Math.Min(1, (tested.Length - i) * tested[i].Difference!.P));
        return [.. rows.Select(row => row.Difference is { } difference ? row with { Difference = difference with { HolmP = corrected[row.Name] } } : row)];
    }
}

/// <summary>An arm: means over its seeds. Losses are in nats per token, of the validation text, of <c>final/</c>.</summary>
/// <param name="Name">What its runs are called, without the seed.</param>
/// <param name="Seeds">Its finished runs.</param>
/// <param name="Loss">The loss.</param>
/// <param name="Rho">The correlation of the streams' residuals; null where P = 1.</param>
/// <param name="Cosine">The mean cosine of the streams' final states.</param>
/// <param name="BestStream">The loss of the best stream decoded alone.</param>
/// <param name="WorstStream">The loss of the worst one.</param>
/// <param name="Gain">By how much the mixture is better than the best stream.</param>
internal sealed record ArmRow(string Name, int Seeds, double Loss, double? Rho, double? Cosine, double? BestStream, double? WorstStream, double? Gain)
{
    /// <summary>The loss of each number of streams of an elastic arm.</summary>
    public IReadOnlyList<CutLoss>? Elastic { get; init; }

    /// <summary>This arm's loss less the baseline's, of the seeds that both have; null for the baseline.</summary>
    public PairedDifference? Difference { get; init; }
}

/// <summary>Paired differences of a loss.</summary>
/// <param name="Pairs">Seeds.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Low">Lower end of the 95 % interval of the mean; null for one pair.</param>
/// <param name="High">Upper end.</param>
/// <param name="P">Two-sided p of the exact sign-flip permutation test.</param>
/// <param name="HolmP">The same, corrected over all arms by Holm's method.</param>
internal sealed record PairedDifference(int Pairs, double Mean, double? Low, double? High, double P, double HolmP);
