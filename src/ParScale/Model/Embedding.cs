using ParScale.Kernels.Memory;

namespace ParScale.Model;

/// <summary>Token ids [S] to vectors [S, H].</summary>
internal static class Embedding
{
    public static void Lookup(WeightMatrix table, ReadOnlySpan<int> tokens, Span<float> y)
    {
        for (int s = 0; s < tokens.Length; s++) table.CopyRow(tokens[s], y.Slice(s * table.Columns, table.Columns));
    }
}
