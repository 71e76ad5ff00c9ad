namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>
/// The few operations in which instruction sets differ. TVector holds 32-bit lanes; lane i belongs to row i of the tile, and
/// a lane of weights or activations is four neighbouring values along the row.
/// </summary>
internal unsafe interface IDotTier<TVector> where TVector : struct
{
    /// <summary>Rows in a vector; 2 * Lanes divides the rows of a tile.</summary>
    static abstract int Lanes { get; }

    /// <summary>Loads four 8-bit codes of each of <see cref="Lanes"/> rows, in the form that <see cref="Dot"/> wants.</summary>
    static abstract TVector LoadBytes(byte* weights);

    /// <summary>Loads eight 4-bit codes of each of <see cref="Lanes"/> rows: the first four, and the next four.</summary>
    static abstract void LoadNibbles(byte* weights, out TVector first, out TVector next);

    /// <summary>The same four activations in every lane.</summary>
    static abstract TVector Broadcast(sbyte* x);

    /// <summary>The sum to start from so that the offset of 8-bit codes is undone; <paramref name="start"/> is minus offset * sum of x.</summary>
    static abstract TVector StartBytes(int start);

    /// <summary>The same for 4-bit codes.</summary>
    static abstract TVector StartNibbles(int start);

    /// <summary>sum[i] + the four products of weights and activations in lane i, exactly.</summary>
    static abstract TVector Dot(TVector sum, TVector weights, TVector x);

    /// <summary>a[i] + b[i].</summary>
    static abstract TVector Add(TVector a, TVector b);

    /// <summary>y[i] = fma(sum[i], scales[i] * xScale, y[i]).</summary>
    static abstract void AddScaled(TVector sum, ushort* scales, float xScale, float* y);
}
