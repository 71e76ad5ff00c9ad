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

    [Fact]
    public void Streams_that_do_not_run_are_left_out()
    {
        const float smoothing = 0.1f;
        for (int i = 0; i < 24; i++)
        {
            var random = new Random(450 + i);
            int streams = i == 0 ? Aggregator.MostStreams : random.Next(2, 40), hidden = random.Next(1, 70), tokens = random.Next(1, 6);
            ulong[] running = [.. Enumerable.Range(0, tokens).Select(t => 1 | (t == 1 ? 0 : (ulong)random.NextInt64() & (ulong.MaxValue >> (64 - streams))))];
            // The anchors of all tokens, then the helpers of each.
            var table = new List<uint>();
            int rows = tokens;
            foreach (ulong bits in running)
            {
                table.AddRange([(uint)(table.Count / 4), (uint)rows, (uint)bits, (uint)(bits >> 32)]);
                rows += System.Numerics.BitOperations.PopCount(bits) - 1;
            }
            float[] x = Draw(random, rows * hidden, 2), z = Draw(random, tokens * streams, 5);
            float[] side = new float[tokens * hidden * streams], shares = new float[tokens * streams], expected = new float[tokens * hidden];
            for (int t = 0; t < tokens; t++)
            {
                int[] own = [.. Enumerable.Range(0, streams).Where(p => (running[t] >> p & 1) != 0)];
                double[] powers = [.. own.Select(p => Math.Exp(z[t * streams + p]))];
                for (int n = 0; n < own.Length; n++)
                {
                    int row = n == 0 ? t : (int)table[t * 4 + 1] + n - 1;
                    double share = own.Length == 1 ? 1 : powers[n] / powers.Sum() * (1 - smoothing) + smoothing / own.Length;
                    shares[t * streams + own[n]] = (float)share;
                    for (int h = 0; h < hidden; h++)
                    {
                        side[(t * hidden + h) * streams + own[n]] = x[row * hidden + h];
                        expected[t * hidden + h] += (float)(share * x[row * hidden + h]);
                    }
                }
            }
            DeviceRows states = Rows(x, hidden), joined = Rows(tokens, hidden * streams), y = Rows(tokens, hidden);
            DeviceBuffer entries = Upload<uint>([.. table]), weights = Allocate(tokens * streams * sizeof(float));
            Run(recording =>
            {
                Aggregator.Join(Device, recording, states, entries, tokens, streams, hidden, joined, anchored: true);
                Aggregator.Mix(Device, recording, Rows(z, streams), states, entries, tokens, streams, hidden, smoothing, weights, y, anchored: true);
            });
            Assert.Equal(side, Read(joined, tokens, hidden * streams));
            Close(shares, Read<float>(weights, shares.Length), 2e-6, $"weights of {streams} streams");
            Close(expected, Read(y, tokens, hidden), 5e-6, $"mix of {streams} streams, {hidden} wide");
            // An anchor that runs alone is the result.
            if (tokens > 1) Assert.Equal(x[hidden..(2 * hidden)], Read(y, tokens, hidden)[hidden..(2 * hidden)]);
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
