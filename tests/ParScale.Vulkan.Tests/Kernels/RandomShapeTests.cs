using System.Runtime.InteropServices;
using ParScale.Configuration;
using ParScale.Kernels.Attention;
using ParScale.Kernels.Elementwise;
using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul;
using ParScale.Kernels.Memory;
using ParScale.Model;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;
using DeviceAttention = ParScale.Vulkan.Kernels.Attention;

namespace ParScale.Vulkan.Tests.Kernels;

/// <summary>
/// A thousand small random shapes of each kernel against the plain loops, in recordings of many. What is there in particular, such as extreme
/// values or ties, is tested beside.
/// </summary>
public class RandomShapeTests(TestDevice test) : DeviceTest(test)
{
    private const int Shapes = 1000, Together = 50;

    private readonly List<Action> _checks = [];

    [Fact]
    public void Norms() => Each((random, recording) =>
    {
        (int rows, int columns, int kind) = (random.Next(1, 4), random.Next(1, 300), random.Next(4));
        float[] x = Draw(random, rows * columns, 3), delta = Draw(random, rows * columns), weight = Draw(random, columns), behind = Draw(random, columns);
        float[] sum = [.. x], expected = new float[x.Length], added = [.. delta];
        if (kind == 3) RmsNorm.Reference(delta, behind, 1e-4f, added);
        for (int i = 0; i < x.Length && kind > 0; i++) sum[i] += kind == 2 ? added[i] * 0.3f : added[i];
        RmsNorm.Reference(sum, weight, 1e-4f, expected);
        DeviceRows input = Shown(x, columns), y = Shown(rows, columns);
        DeviceBuffer change = Shown(delta, columns).Buffer, weights = Shown<float>(weight);
        if (kind == 0) Elementwise.Norm(Device, recording, input, rows, columns, weights, 1e-4f, y);
        if (kind is 1 or 2) Elementwise.AddAndNorm(Device, recording, input, change, rows, columns, weights, 1e-4f, y, kind == 1 ? 1 : 0.3f);
        if (kind == 3) Elementwise.AddNormedAndNorm(Device, recording, input, change, Shown<float>(behind), rows, columns, weights, 1e-4f, y);
        _checks.Add(() =>
        {
            Close(expected, Seen(y, rows, columns), 3e-6, $"norm {kind}, {rows} x {columns}");
            Close(sum, Seen(input, rows, columns), 1e-6, $"sum {kind}, {rows} x {columns}");
        });
    });

    [Fact]
    public void Gates() => Each((random, recording) =>
    {
        (int rows, int columns, Activation activation) = (random.Next(1, 4), random.Next(1, 300), (Activation)random.Next(2));
        float[] gate = Draw(random, rows * columns, 9), up = Draw(random, rows * columns), expected = new float[gate.Length];
        if (activation == Activation.Silu) SwiGlu.Reference(gate, up, expected);
        else GeGlu.Reference(gate, up, expected);
        DeviceRows y = Shown(rows, columns);
        Elementwise.Gate(Device, recording, activation, Shown(gate, columns, float.NaN), Shown(up, columns, float.NaN), rows, columns, y);
        // Where a gate is nearly shut, 1 + tanh(x) has lost its digits: the error is one of gate times up, whatever is left of them.
        double factors = gate.Zip(up, (g, u) => Math.Abs((double)g * u)).Max();
        _checks.Add(() => Close(expected, Seen(y, rows, columns), 2e-6, $"{activation}, {rows} x {columns}", factors));
    });

    [Fact]
    public void Embeddings() => Each((random, recording) =>
    {
        (int rows, int columns, int vocabulary) = (random.Next(1, 4), random.Next(1, 200), random.Next(1, 50));
        using WeightMatrix table = Weights(random, vocabulary, columns, (WeightDtype)random.Next(4));
        int[] ids = [.. Enumerable.Range(0, rows).Select(_ => random.Next(vocabulary))];
        var expected = new float[rows * columns];
        for (int r = 0; r < rows; r++) table.CopyRow(ids[r], expected.AsSpan(r * columns, columns));
        DeviceRows y = Shown(rows, columns);
        Elementwise.Embed(Device, recording, Matrix(table), Shown<int>(ids), rows, 1, y);
        _checks.Add(() => Assert.Equal(expected, Seen(y, rows, columns)));
    });

    [Theory]
    [InlineData(WeightDtype.F32)]
    [InlineData(WeightDtype.Bf16)]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void Products(WeightDtype type) => Each((random, recording) =>
    {
        (int rows, int columns, int outputs) = (random.Next(1, 7), random.Next(1, 300), random.Next(1, 70));
        using WeightMatrix weights = Weights(random, outputs, columns, type);
        float[] x = Draw(random, rows * columns, 3), bias = random.Next(2) == 0 ? [] : Draw(random, outputs), expected = new float[rows * outputs];
        bool exact = WeightFormats.IsQuantized(type);
        if (exact) Linear.QuantizedReference(weights, x, rows, bias, expected);
        else Linear.Reference(weights, x, rows, bias, expected);
        float[] before = random.Next(3) == 0 ? Draw(random, rows * outputs) : [];
        for (int i = 0; i < before.Length; i++) expected[i] = before[i] + expected[i] * 0.7f;
        DeviceRows y = before.Length == 0 ? Shown(rows, outputs) : Shown(before, outputs), input = Shown(x, columns);
        DeviceBuffer? biases = bias.Length == 0 ? null : Shown<float>(bias);
        MatMul product = Product(rows, columns);
        if (before.Length == 0) product.Run(recording, input, rows, (Matrix(weights), biases, y));
        else product.Add(recording, input, rows, Matrix(weights), biases, 0.7f, y);
        _checks.Add(() =>
        {
            if (exact) Assert.Equal(expected, Seen(y, rows, outputs));
            else Close(expected, Seen(y, rows, outputs), 4e-6, $"{type}, {rows} rows, {outputs} x {columns}");
        });
    });

    [Theory]
    [InlineData(KvDtype.F32)]
    [InlineData(KvDtype.Bf16)]
    [InlineData(KvDtype.Q8)]
    public void Caches_and_attention(KvDtype format) => Each((random, recording) =>
    {
        int keyHeads = random.Next(1, 3), size = 2 * random.Next(1, 20);
        var shape = new AttentionShape(
            keyHeads * random.Next(1, 3), keyHeads, size, (float)(1 / Math.Sqrt(size)), random.Next(3) == 0 ? 3 : 0, random.Next(2) == 0 ? AttentionShape.AllTokens : random.Next(1, 9));
        bool one = random.Next(2) == 0;
        var batch = new AttentionBatch(random, shape, new BatchKind { Format = format, FirstLayer = random.Next(2) == 0, OneToken = one, Sequences = random.Next(1, 3), Longest = 12 });
        var attention = new DeviceAttention(Device, shape, format);
        DeviceBuffer[] caches = [.. batch.Caches.Select(words => Shown<uint>(words))], prefixes = [.. batch.Prefixes.Select(words => Shown<uint>(words))];
        int width = shape.Heads * size, keyWidth = keyHeads * size;
        var x = new Projections(Shown(batch.Query, width), Shown(batch.Key, keyWidth), Shown(batch.Value, keyWidth), batch.Kind.FirstLayer);
        var rules = new HeadRules { Cosine = Shown<float>([.. batch.Cosine, 0]), Sine = Shown<float>([.. batch.Sine, 0]), Half = batch.Half };
        PassRow[] all = batch.Table(caches, prefixes, tokens: false), stored = batch.Table(caches, prefixes, batch.Kind.FirstLayer);
        DeviceRows y = Shown(batch.Rows, width);
        if (!one) attention.Append(recording, x, rules, Shown<PassRow>(stored), stored.Length, batch.Layer, caches);
        // Whole, or in two pieces.
        (DeviceBuffer table, int cut) = (Shown<PassRow>(all), random.Next(batch.Rows));
        if (cut > 0) attention.Run(recording, x, rules, one, table, 0, cut, batch.Layer, caches, prefixes, y);
        attention.Run(recording, x, rules, one, table, cut, batch.Rows - cut, batch.Layer, caches, prefixes, y);
        _checks.Add(() =>
        {
            Close(batch.Expected(), Seen(y, batch.Rows, width), 5e-6, $"{batch.Kind}, {shape}");
            batch.CheckCaches(i => caches[i].Span<uint>().ToArray());
            batch.Dispose();
        });
    });

    [Fact]
    public void Mixing() => Each((random, recording) =>
    {
        (int streams, int tokens, int hidden) = (random.Next(1, 9), random.Next(1, 4), random.Next(1, 60));
        float[] x = Draw(random, streams * tokens * hidden, 2), z = Draw(random, tokens * streams, 4), expected = new float[tokens * hidden];
        int[] table = [.. Enumerable.Range(0, tokens).SelectMany(t => new[] { t, tokens })];
        for (int t = 0; t < tokens; t++)
        {
            double[] powers = [.. Enumerable.Range(0, streams).Select(p => Math.Exp(z[t * streams + p]))];
            for (int h = 0; h < hidden; h++)
                expected[t * hidden + h] = (float)Enumerable.Range(0, streams).Sum(p => (powers[p] / powers.Sum() * 0.9 + 0.1 / streams) * x[(p * tokens + t) * hidden + h]);
        }
        DeviceRows states = Shown(x, hidden), joined = Shown(tokens, hidden * streams), y = Shown(tokens, hidden);
        DeviceBuffer rows = Shown<int>(table);
        Aggregator.Join(Device, recording, states, rows, tokens, streams, hidden, joined);
        Aggregator.Mix(Device, recording, Shown(z, streams), states, rows, tokens, streams, hidden, 0.1f, Shown<float>(new float[tokens * streams]), y);
        _checks.Add(() =>
        {
            Close(expected, Seen(y, tokens, hidden), 5e-6, $"{streams} streams, {tokens} tokens, {hidden} wide");
            float[] side = [.. from t in Enumerable.Range(0, tokens) from h in Enumerable.Range(0, hidden) from p in Enumerable.Range(0, streams) select x[(p * tokens + t) * hidden + h]];
            Assert.Equal(side, Seen(joined, tokens, hidden * streams));
        });
    });

    [Theory]
    [InlineData(WeightDtype.Bf16)]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void Experts(WeightDtype type) => Each((random, recording) =>
    {
        (int rows, int columns, int outputs, int experts) = (random.Next(1, 6), random.Next(1, 140), random.Next(1, 70), random.Next(2, 7));
        var config = new ExpertsConfig { Count = experts, Chosen = random.Next(1, Math.Min(experts, 3) + 1), Normalized = random.Next(2) == 0 };
        WeightMatrix[] weights = [.. Enumerable.Range(0, experts).Select(_ => Weights(random, outputs, columns, type))];
        // Some are equal.
        float[] x = Draw(random, rows * columns, 3), logits = [.. Enumerable.Range(0, rows * experts).Select(_ => random.Next(-3, 4) * 0.5f)];
        int places = rows * config.Chosen;
        var routes = new Routes(Device, config, rows);
        DeviceRows y = Shown(places, outputs), sum = Shown(rows, outputs);
        routes.Choose(recording, Shown(logits, experts), rows);
        Product(places, columns).RunExperts(recording, Shown(x, columns), places: false, rows, routes, Matrix(weights), outputs, y);
        routes.Combine(recording, y, null, rows, outputs, sum);
        _checks.Add(() =>
        {
            float[] actual = Seen(y, places, outputs), combined = new float[rows * outputs];
            for (int row = 0; row < rows; row++)
            {
                float[] own = logits[(row * experts)..((row + 1) * experts)];
                int[] chosen = [.. Chosen(row)];
                double total = config.Normalized ? chosen.Sum(e => Math.Exp(own[e])) : own.Sum(logit => Math.Exp(logit));
                foreach (int e in chosen)
                {
                    // Before it: the places of lower experts, and those of its own in earlier rows.
                    int place = Enumerable.Range(0, rows).Sum(r => Chosen(r).Count(other => other < e || (other == e && r < row)));
                    var expected = new float[outputs];
                    if (WeightFormats.IsQuantized(type)) Linear.QuantizedReference(weights[e], x.AsSpan(row * columns, columns), 1, [], expected);
                    else Linear.Reference(weights[e], x.AsSpan(row * columns, columns), 1, [], expected);
                    float[] found = actual[(place * outputs)..((place + 1) * outputs)];
                    if (WeightFormats.IsQuantized(type)) Assert.Equal(expected, found);
                    else Close(expected, found, 4e-6, $"{config}, {rows} rows, {outputs} x {columns}");
                    for (int n = 0; n < outputs; n++) combined[row * outputs + n] += (float)(Math.Exp(own[e]) / total) * expected[n];
                }
            }
            Close(combined, Seen(sum, rows, outputs), 1e-5, $"sum of {config}, {rows} rows, {outputs} x {columns}");
            routes.Dispose();
            foreach (WeightMatrix one in weights) one.Dispose();

            IEnumerable<int> Chosen(int row) => Enumerable.Range(0, experts).OrderByDescending(e => logits[row * experts + e]).ThenBy(e => e).Take(config.Chosen);
        });
    });

    [Fact]
    public void Likeliest_tokens() => Each((random, recording) =>
    {
        int rows = random.Next(1, 4), vocabulary = random.Next(40) switch { < 4 => random.Next(1, 65), < 8 => 2048 + random.Next(-1, 2), 8 => random.Next(65_000, 70_000), _ => random.Next(65, 3000) };
        // Some are equal, in some rows nearly all.
        int step = random.Next(3) switch { 0 => 1 << 24, 1 => 500, _ => 3 };
        float[] logits = [.. Enumerable.Range(0, rows * vocabulary).Select(_ => random.Next(-step, step + 1) * 0.37f)];
        var likeliest = new LikeliestTokens(Device, vocabulary, rows);
        DeviceBuffer lists = Own(Device.Memory.Allocate(LikeliestTokens.BytesOf(rows), Place.FromDevice));
        likeliest.Choose(recording, Shown<float>(logits), rows, lists);
        _checks.Add(() =>
        {
            int[] tokens = new int[Likeliest.Most];
            float[] values = new float[Likeliest.Most];
            for (int row = 0; row < rows; row++)
            {
                float[] own = logits[(row * vocabulary)..((row + 1) * vocabulary)];
                int[] expected = [.. Enumerable.Range(0, vocabulary)];
                Array.Sort(expected, (i, j) => own[i] != own[j] ? own[j].CompareTo(own[i]) : i.CompareTo(j));
                expected = expected[..Math.Min(vocabulary, Likeliest.Most)];
                int count = likeliest.Read(lists, row, tokens, values);
                Assert.Equal(expected, tokens[..count]);
                Assert.Equal(expected.Select(token => own[token]), values[..count]);
            }
            likeliest.Dispose();
        });
    });

    private static WeightMatrix Weights(Random random, int rows, int columns, WeightDtype type) => WeightMatrix.FromValues(Draw(random, rows * columns), type, rows, columns);

    private void Each(Action<Random, Recording> add)
    {
        (bool hasDot, bool hasFma) = (Device.UsesIntegerDot, Device.UsesFma);
        for (int first = 0; first < Shapes; first += Together)
        {
            // With and without each of two instructions that the device may have.
            (Device.UsesIntegerDot, Device.UsesFma) = (hasDot && first / Together % 2 == 0, hasFma && first / Together % 4 < 2);
            Run(recording =>
            {
                for (int i = first; i < first + Together; i++) add(new Random(10_000 + i), recording);
            });
            foreach (Action check in _checks) check();
            _checks.Clear();
            FreeBuffers();
        }
        (Device.UsesIntegerDot, Device.UsesFma) = (hasDot, hasFma);
    }

    // In memory that both sides see: nothing is copied.
    private DeviceBuffer Shown<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        DeviceBuffer buffer = Own(Device.Memory.Allocate(values.Length * Marshal.SizeOf<T>(), Place.FromDevice));
        values.CopyTo(buffer.Span<T>());
        return buffer;
    }

    private DeviceRows Shown(ReadOnlySpan<float> values, int columns, float behind = 0)
    {
        int stride = DeviceRows.Padded(columns), rows = values.Length / columns;
        var padded = new float[rows * stride];
        padded.AsSpan().Fill(behind);
        for (int r = 0; r < rows; r++) values.Slice(r * columns, columns).CopyTo(padded.AsSpan(r * stride));
        return new DeviceRows(Shown<float>(padded), stride);
    }

    private DeviceRows Shown(int rows, int columns)
    {
        var values = new float[rows * columns];
        values.AsSpan().Fill(float.NaN);
        return Shown(values, columns, float.NaN);
    }

    private static float[] Seen(DeviceRows rows, int count, int columns)
    {
        var values = new float[count * columns];
        Span<float> all = rows.Buffer.Span<float>();
        for (int r = 0; r < count; r++) all.Slice(r * rows.Stride, columns).CopyTo(values.AsSpan(r * columns));
        return values;
    }
}
