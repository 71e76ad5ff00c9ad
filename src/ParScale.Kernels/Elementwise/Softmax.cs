using System.Numerics.Tensors;

namespace ParScale.Kernels.Elementwise;

/// <summary>x[i] = exp(x[i]) / sum_j exp(x[j]), shifted by the maximum so that nothing overflows.</summary>
internal static class Softmax
{
    /// <summary>In place. An empty span is left alone.</summary>
    public static void Run(Span<float> x)
    {
        if (x.IsEmpty) return;
        TensorPrimitives.Subtract(x, TensorPrimitives.Max(x), x);
        TensorPrimitives.Exp(x, x);
        // TensorPrimitives.Sum adds in an order that depends on the address.
        double sum = 0;
        foreach (float value in x) sum += value;
        TensorPrimitives.Divide(x, (float)sum, x);
    }

    /// <summary>log(sum_i exp(x[i])), summed in double precision.</summary>
    public static double LogSumExp(ReadOnlySpan<float> x)
    {
        double max = TensorPrimitives.Max(x), sum = 0;
        foreach (float value in x) sum += Math.Exp(value - max);
        return max + Math.Log(sum);
    }

    /// <summary>-sum_i p[i] ln p[i] with p = softmax(x), in nats, summed in double precision: ln sum_i e^d[i] - sum_i d[i] e^d[i] / sum_i e^d[i], d = x - max.</summary>
    public static double Entropy(ReadOnlySpan<float> x) => Entropy(x, out _, out _);

    /// <summary>The same, and the two largest of p: of equal ones both; the second is 0 where there is only one.</summary>
    public static double Entropy(ReadOnlySpan<float> x, out double best, out double second)
    {
        double max = TensorPrimitives.Max(x), sum = 0, weighted = 0;
        (double first, double next) = (double.NegativeInfinity, double.NegativeInfinity);
        foreach (float value in x)
        {
            double distance = value - max, weight = Math.Exp(distance);
            sum += weight;
            // Of minus infinity, a token that cannot come, the product would not be a number.
            if (weight > 0) weighted += distance * weight;
            if (distance > first) (first, next) = (distance, first);
            else if (distance > next) next = distance;
        }
        (best, second) = (1 / sum, Math.Exp(next) / sum);
        return Math.Log(sum) - weighted / sum;
    }
}
