using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Kernels;

/// <summary>Streams of random rows mixed by a whole aggregator, against its equations in double precision.</summary>
public class AggregatorTests(TestDevice test) : DeviceTest(test)
{
    [Fact]
    public void Mixing_agrees_with_the_equations()
    {
        for (int i = 0; i < 16; i++)
        {
            var random = new Random(400 + i);
            int streams = i < 8 ? i + 1 : random.Next(1, Aggregator.MostStreams + 1), hidden = random.Next(1, 90), tokens = random.Next(1, 6);
            Compare(random, streams, hidden, tokens);
            FreeBuffers();
        }
    }

    private void Compare(Random random, int streams, int hidden, int tokens)
    {
        const float smoothing = 0.1f;
        float[] x = Draw(random, streams * tokens * hidden, 2), w1 = Draw(random, hidden * hidden * streams), b1 = Draw(random, hidden), w2 = Draw(random, streams * hidden), b2 = Draw(random, streams);
        // Stream-major, as a sequence of these tokens has them.
        int[] table = [.. Enumerable.Range(0, tokens).SelectMany(t => new[] { t, tokens })];
        using WeightMatrix inner = WeightMatrix.FromValues(w1, WeightDtype.F32, hidden, hidden * streams), outer = WeightMatrix.FromValues(w2, WeightDtype.F32, streams, hidden);
        DeviceMatrix first = Matrix(inner), second = Matrix(outer);
        DeviceRows states = Rows(x, hidden), joined = Rows(tokens, hidden * streams), middle = Rows(tokens, hidden), z = Rows(tokens, streams), y = Rows(tokens, hidden);
        DeviceBuffer rows = Upload<int>(table), weights = Allocate(tokens * streams * sizeof(float)), bias1 = Upload<float>(b1), bias2 = Upload<float>(b2);
        MatMul product = Product(tokens, hidden * streams);
        Run(recording =>
        {
            Aggregator.Join(Device, recording, states, rows, tokens, streams, hidden, joined);
            product.Run(recording, joined, tokens, (first, bias1, middle));
            Elementwise.Silu(Device, recording, middle, tokens, hidden, middle);
            product.Run(recording, middle, tokens, (second, bias2, z));
            Aggregator.Mix(Device, recording, z, states, rows, tokens, streams, hidden, smoothing, weights, y);
        });
        float[] expected = new float[tokens * hidden], shares = new float[tokens * streams];
        for (int t = 0; t < tokens; t++)
        {
            double[] a = [.. Enumerable.Range(0, hidden).Select(n => b1[n] + Enumerable.Range(0, hidden * streams)
                .Sum(k => (double)w1[n * hidden * streams + k] * x[(k % streams * tokens + t) * hidden + k / streams]))];
            double[] logits = [.. Enumerable.Range(0, streams).Select(p => b2[p] + a.Select((value, n) => value / (1 + Math.Exp(-value)) * w2[p * hidden + n]).Sum())];
            double[] powers = [.. logits.Select(value => Math.Exp(value - logits.Max()))];
            for (int p = 0; p < streams; p++)
            {
                double share = powers[p] / powers.Sum() * (1 - smoothing) + smoothing / streams;
                shares[t * streams + p] = (float)share;
                for (int h = 0; h < hidden; h++) expected[t * hidden + h] += (float)(share * x[(p * tokens + t) * hidden + h]);
            }
        }
        Close(shares, Read<float>(weights, shares.Length), 2e-5, $"weights of {streams} streams, {hidden} wide");
        Close(expected, Read(y, tokens, hidden), 2e-5, $"mix of {streams} streams, {hidden} wide");
        float[] all = Read(joined, tokens, joined.Stride);
        for (int t = 0; t < tokens; t++) Assert.All(all[(t * joined.Stride + hidden * streams)..((t + 1) * joined.Stride)], value => Assert.Equal(0, value));
    }
}
