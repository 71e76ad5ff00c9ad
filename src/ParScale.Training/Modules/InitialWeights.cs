using ParScale.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>The first value of every tensor, as a function of its name and a seed alone.</summary>
internal static class InitialWeights
{
    /// <summary>The standard deviation of everything that is drawn, unless another is given.</summary>
    public const double Deviation = 0.02;

    // The mean of tanh(z)^2 for z from N(0, 1), which the numbers before a prefix MLP's last matrix are.
    private const double MeanSquaredTanh = 0.394294;

    /// <summary>
    /// Norms are 1 with <paramref name="normOffset"/>, biases 0, all else, aggregation too, has <paramref name="deviation"/>, and prefixes
    /// are as <paramref name="prefixes"/> tells. The table of a prefix MLP is N(0, 1), its first matrix keeps that size, and its last is 0, so that
    /// it adds nothing at first.
    /// </summary>
    public static void Draw(string name, Tensor value, long seed, PrefixStart? prefixes = null, double normOffset = 0, double deviation = Deviation)
    {
        using Scalar norm = 1 - normOffset;
        prefixes ??= PrefixStart.Published;
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        // Each tensor has a generator of its own, so that models with other P share the values of the tensors they share.
        using var generator = new Generator(SeedOf(name, seed));
        if (name.EndsWith(".bias", StringComparison.Ordinal)) value.zero_();
        else if (ModelTensors.IsNorm(name)) value.fill_(norm);
        else if (ModelTensors.IsPrefix(name)) DrawPrefix(value, prefixes, generator);
        else if (!PrefixMlp.Owns(name)) value.normal_(0, deviation, generator);
        else if (name.EndsWith(PrefixMlp.LastWeight, StringComparison.Ordinal)) DrawLast(value, prefixes, generator);
        else value.normal_(0, value.dim() == 2 ? 1 / Math.Sqrt(value.shape[1]) : 1, generator);
    }

    private static void DrawPrefix(Tensor value, PrefixStart prefixes, Generator generator)
    {
        if (prefixes.ByMlp) value.zero_();
        else value.normal_(0, prefixes.Deviation, generator);
    }

    private static void DrawLast(Tensor value, PrefixStart prefixes, Generator generator)
    {
        if (prefixes.ByMlp) value.normal_(0, prefixes.Deviation / Math.Sqrt(value.shape[1] * MeanSquaredTanh), generator);
        else value.zero_();
    }

    private static ulong SeedOf(string name, long seed)
    {
        ulong hash = 14695981039346656037UL ^ (ulong)seed;
        foreach (char letter in name) hash = (hash ^ letter) * 1099511628211UL;
        return hash;
    }
}

/// <summary>The first values of prefixes that are drawn.</summary>
/// <param name="Deviation">Their standard deviation.</param>
/// <param name="ByMlp">The prefix MLP makes them, by a last matrix that is drawn; else they are drawn, and it adds 0 at first.</param>
internal sealed record PrefixStart(double Deviation, bool ByMlp = false)
{
    /// <summary>N(0, 0.02).</summary>
    public static PrefixStart Published { get; } = new(InitialWeights.Deviation);
}
