namespace ParScale.ScalingLaws.Cost;

/// <summary>Bits and bytes of the formats, and what rounding to them does to the loss.</summary>
public static class FormatSizes
{
    private const double ScaleBytes = 4;
    private const int KeysOfScale = 32;

    /// <summary>Bits of one weight of a matrix, scales included.</summary>
    public static double BitsPerWeight(WeightFormat format) => format switch
    {
        WeightFormat.F32 => 32,
        WeightFormat.Bf16 => 16,
        WeightFormat.Q8 => 8 + 16.0 / 128,
        WeightFormat.Q4 => 4 + 16.0 / 64,
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    /// <summary>The format of embedding and head beside layers of <paramref name="format"/>.</summary>
    public static WeightFormat TableFormat(WeightFormat format) => format == WeightFormat.Q4 ? WeightFormat.Q8 : format;

    /// <summary>Bytes of the key and the value of one head of <paramref name="headSize"/> numbers.</summary>
    public static double BytesPerHead(CacheFormat format, int headSize) => format switch
    {
        CacheFormat.F32 => 2.0 * 4 * headSize,
        CacheFormat.Bf16 => 2.0 * 2 * headSize,
        CacheFormat.Q8 => 2.0 * headSize + ScaleBytes * ((headSize + KeysOfScale - 1) / KeysOfScale) + ScaleBytes,
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    /// <summary>
    /// What rounding the weights of a trained model adds to its loss, nats per token: an order of size, not a law. From the
    /// perplexities of LLaMA 7B in llama.cpp's table of formats: 16 bits 5.9066, Q8_0 5.9070, Q4_0 6.1565.
    /// </summary>
    public static double RoundingLoss(WeightFormat format) => format switch
    {
        WeightFormat.Q8 => Math.Log(5.9070 / 5.9066),
        WeightFormat.Q4 => Math.Log(6.1565 / 5.9066),
        _ => 0,
    };
}
