namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>
/// What the intrinsics of one tier do with weights of one type: a step takes 128 bytes of a tile's weights, that is four values of 32
/// outputs, or eight of 4 bits, and one or two words of four activations of each row. Lane i of a vector belongs to output i.
/// </summary>
internal unsafe interface IProductStep<TVector> where TVector : struct
{
    /// <summary>Outputs in a vector.</summary>
    static abstract int Lanes { get; }

    /// <summary>Steps of a group.</summary>
    static abstract int Steps { get; }

    /// <summary>Steps after which sums must be widened; divides <see cref="Steps"/>.</summary>
    static abstract int StepsOfSum { get; }

    /// <summary>Words of a row in a step: 1 or 2.</summary>
    static abstract int Words { get; }

    /// <summary>Bytes from the activations of a group of one row to those of the next row.</summary>
    static abstract int RowBytes { get; }

    /// <summary>Bytes from the first word of a step to the second.</summary>
    static abstract int WordBytes { get; }

    /// <summary>Bytes from a step to the next.</summary>
    static abstract int StepBytes { get; }

    /// <summary>Loads what a step multiplies with the first word of activations, and with the second.</summary>
    static abstract void Load(byte* weights, out TVector first, out TVector second);

    /// <summary>The same word in every lane.</summary>
    static abstract TVector Broadcast(sbyte* x);

    /// <summary>Adds the products of weights and one word to sums that began at zero.</summary>
    static abstract TVector Add(TVector sum, TVector weights, TVector x);

    /// <summary>What a group's sum starts from: <paramref name="start"/> in every lane, or nothing where no offset is to be undone.</summary>
    static abstract TVector Start(int start);

    /// <summary>total + the sum of <see cref="StepsOfSum"/> steps, in 32 bits.</summary>
    static abstract TVector AddSum(TVector total, TVector sum);

    /// <summary>y[i] = fma(total[i], scales[i] * xScale, y[i]).</summary>
    static abstract void AddScaled(TVector total, ushort* scales, float xScale, float* y);
}
