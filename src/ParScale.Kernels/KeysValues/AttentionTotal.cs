using System.Numerics.Tensors;

namespace ParScale.Kernels.KeysValues;

/// <summary>The sums of one row: maximum m, sum z of 2^(score - m), and the values weighed by the same. [16 + width] singles.</summary>
internal static unsafe class AttentionTotal
{
    private const int Header = 16;

    /// <summary>Singles in a record.</summary>
    public static int Length(int width) => Header + width;

    /// <summary>Starts a record. values: [width].</summary>
    public static void Set(float* total, float max, float sum, float* values, int width)
    {
        (total[0], total[1]) = (max, sum);
        new ReadOnlySpan<float>(values, width).CopyTo(new Span<float>(total + Header, width));
    }

    /// <summary>Joins the sums of a later split. A split of which the row sees nothing changes nothing.</summary>
    public static void Add(float* total, float max, float sum, float* values, int width)
    {
        if (sum == 0) return;
        float now = MathF.Max(total[0], max), shrink = MathF.Pow(2, total[0] - now), grow = MathF.Pow(2, max - now);
        total[0] = now;
        total[1] = total[1] * shrink + sum * grow;
        var sums = new Span<float>(total + Header, width);
        TensorPrimitives.Multiply(sums, shrink, sums);
        TensorPrimitives.MultiplyAdd(new ReadOnlySpan<float>(values, width), grow, sums, sums);
    }

    /// <summary>Joins a record of a later split.</summary>
    public static void Add(float* total, float* other, int width) => Add(total, other[0], other[1], other + Header, width);

    /// <summary>The weighed mean. y: [size].</summary>
    public static void Write(float* total, float* y, int size)
    {
        TensorPrimitives.Multiply(new ReadOnlySpan<float>(total + Header, size), 1 / total[1], new Span<float>(y, size));
    }
}
