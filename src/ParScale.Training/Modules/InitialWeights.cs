using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>The first value of every tensor, as a function of its name and a seed alone.</summary>
internal static class InitialWeights
{
    private const double Deviation = 0.02;

    private static readonly Scalar One = 1.0;

    /// <summary>
    /// Norms are 1, biases 0, all else, prefixes and aggregation too, is N(0, 0.02). A prefix MLP adds nothing at first: its table is
    /// N(0, 1), its first matrix keeps that size and its last is 0.
    /// </summary>
    public static void Draw(string name, Tensor value, long seed)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        // Each tensor has a generator of its own, so that models with other P share the values of the tensors they share.
        using var generator = new Generator(SeedOf(name, seed));
        if (name.EndsWith(".bias", StringComparison.Ordinal)) value.zero_();
        else if (name.EndsWith("norm.weight", StringComparison.Ordinal)) value.fill_(One);
        else if (!PrefixMlp.Owns(name)) value.normal_(0, Deviation, generator);
        else if (name.EndsWith(PrefixMlp.LastWeight, StringComparison.Ordinal)) value.zero_();
        else value.normal_(0, value.dim() == 2 ? 1 / Math.Sqrt(value.shape[1]) : 1, generator);
    }

    private static ulong SeedOf(string name, long seed)
    {
        ulong hash = 14695981039346656037UL ^ (ulong)seed;
        foreach (char letter in name) hash = (hash ^ letter) * 1099511628211UL;
        return hash;
    }
}
