using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;

namespace ParScale.ScalingLaws.Cost;

/// <summary>Bits and bytes of the formats, and what rounding to them does to the loss.</summary>
public static class FormatSizes
{
    private const double BitsPerByte = 8;

    /// <summary>Bits of one weight of a matrix, its share of the scales included.</summary>
    public static double BitsPerWeight(WeightDtype format)
    {
        int rows = QuantizedLayout.TileRows, columns = WeightFormats.IsQuantized(format) ? QuantizedLayout.GroupSize(format) : 1;
        return BitsPerByte * WeightMatrix.SizeOf(format, rows, columns) / (rows * columns);
    }

    /// <summary>The format of embedding and head beside layers of <paramref name="format"/>.</summary>
    public static WeightDtype TableFormat(WeightDtype format) => format == WeightDtype.Q4 ? WeightDtype.Q8 : format;

    /// <summary>Bytes of the key and the value of one head of <paramref name="headSize"/> numbers, padding and scales included.</summary>
    public static double BytesPerHead(KvDtype format, int headSize) =>
        (double)KvBuffer.BytesFor(format, streams: 1, heads: 1, headSize, KvLayout.TileSlots) / KvLayout.TileSlots;

    /// <summary>
    /// What rounding the weights of a trained model adds to its loss, nats per token: an order of size, not a law. From the
    /// perplexities of LLaMA 7B in llama.cpp's table of formats: 16 bits 5.9066, Q8_0 5.9070, Q4_0 6.1565.
    /// </summary>
    public static double RoundingLoss(WeightDtype format) => format switch
    {
        WeightDtype.Q8 => Math.Log(5.9070 / 5.9066),
        WeightDtype.Q4 => Math.Log(6.1565 / 5.9066),
        _ => 0,
    };
}
