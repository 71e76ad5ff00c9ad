using ParScale.Configuration;
using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Vulkan.Kernels;
using ParScale.Vulkan.Runtime;
using ParScale.Vulkan.Tests.Support;
using DeviceAttention = ParScale.Vulkan.Kernels.Attention;

namespace ParScale.Vulkan.Tests.Kernels;

/// <summary>A layer in as few commands as there are kernels for has the bits of one in which each step is a command.</summary>
public class LayerTests(TestDevice test) : DeviceTest(test)
{
    private const int Hidden = 192, Inner = 330, MostDispatches = 8;

    [Theory]
    [InlineData(WeightDtype.F32, KvDtype.F32)]
    [InlineData(WeightDtype.Bf16, KvDtype.Bf16)]
    [InlineData(WeightDtype.Q8, KvDtype.Bf16)]
    [InlineData(WeightDtype.Q8, KvDtype.Q8)]
    [InlineData(WeightDtype.Q4, KvDtype.Q8)]
    public void Joined_steps_have_the_bits_of_single_ones(WeightDtype type, KvDtype format)
    {
        var random = new Random(700 + (int)type);
        using var layer = new Layer(this, random, type, format);
        float[] x = Draw(random, layer.Batch.Rows * Hidden, 2);
        float[] single = Run(layer, x, layer.RecordSteps), joined = Run(layer, x, layer.RecordJoined);
        Assert.All(single, value => Assert.True(float.IsFinite(value)));
        Assert.NotEqual(x, single);
        Assert.Equal(single, joined);
    }

    [Theory]
    [InlineData(WeightDtype.Bf16)]
    [InlineData(WeightDtype.Q8)]
    [InlineData(WeightDtype.Q4)]
    public void A_layer_takes_eight_commands_and_reads_its_weights_once(WeightDtype type)
    {
        var random = new Random(710);
        using var layer = new Layer(this, random, type, KvDtype.Q8);
        using Recording recording = Device.Record();
        layer.RecordJoined(recording, Rows(Draw(random, layer.Batch.Rows * Hidden), Hidden));
        var totals = RecordingTotals.Of(recording.Log);
        Assert.Equal(MostDispatches, totals.Dispatches);
        Assert.Equal(MostDispatches, totals.Barriers);
        Assert.All(layer.Matrices, matrix => Assert.Single(recording.Log, command => command.Uses.Any(use => use.Buffer == matrix.Values)));
        long weights = layer.Matrices.Sum(matrix => matrix.Values.Bytes + (matrix.Scales?.Bytes ?? 0));
        Assert.InRange(totals.Bytes, weights, weights + 600_000);
        // Each of the barriers is needed, and missing ones are found.
        for (int removed = 1; removed < recording.Log.Count; removed++)
            Assert.NotEmpty(CommandOrder.Races([.. recording.Log.Select((command, i) => i == removed ? command with { Waits = false } : command)]));
        recording.Submit();
        Check(recording);
    }

    private float[] Run(Layer layer, float[] x, Action<Recording, DeviceRows> record)
    {
        DeviceRows rows = Rows(x, Hidden);
        Run(recording => record(recording, rows));
        return Read(rows, layer.Batch.Rows, Hidden);
    }

    // The weights and caches of a layer, and the two ways of recording it.
    private sealed class Layer : IDisposable
    {
        private readonly LayerTests _test;
        private readonly AttentionShape _shape = new(3, 1, 64, 0.125f);
        private readonly DeviceAttention _attention;
        private readonly WeightMatrix[] _parts;
        private readonly float[][] _biases;
        private readonly DeviceBuffer _inputNorm, _innerNorm;
        private readonly MatMul _product;

        public Layer(LayerTests test, Random random, WeightDtype type, KvDtype format)
        {
            _test = test;
            Batch = new AttentionBatch(random, _shape, new BatchKind { Format = format, OneToken = true, Sequences = 3, Longest = 20 });
            _attention = new DeviceAttention(test.Device, _shape, format);
            int width = _shape.Heads * _shape.HeadSize, keyWidth = _shape.KeyValueHeads * _shape.HeadSize;
            (int Rows, int Columns)[] sizes = [(width, Hidden), (keyWidth, Hidden), (keyWidth, Hidden), (Hidden, width), (Inner, Hidden), (Inner, Hidden), (Hidden, Inner)];
            _parts = [.. sizes.Select(size => WeightMatrix.FromValues(Draw(random, size.Rows * size.Columns, 0.2f), type, size.Rows, size.Columns))];
            _biases = [.. _parts[..3].Select(part => Draw(random, part.Rows))];
            (_inputNorm, _innerNorm) = (test.Upload<float>(Draw(random, Hidden)), test.Upload<float>(Draw(random, Hidden)));
            _product = test.Product(Batch.Rows, Math.Max(Inner, Hidden));
        }

        public AttentionBatch Batch { get; }

        public List<DeviceMatrix> Matrices { get; } = [];

        public void Dispose()
        {
            Batch.Dispose();
            foreach (WeightMatrix part in _parts) part.Dispose();
        }

        public void RecordSteps(Recording recording, DeviceRows x)
        {
            VulkanDevice device = _test.Device;
            int rows = Batch.Rows;
            DeviceMatrix[] weights = [.. _parts.Select(part => _test.Matrix(part))];
            DeviceRows normed = New(Hidden), query = New(_parts[0].Rows), key = New(_parts[1].Rows), value = New(_parts[2].Rows), attended = New(_parts[3].Columns);
            DeviceRows added = New(Hidden), gate = New(Inner), up = New(Inner);
            Elementwise.Norm(device, recording, x, rows, Hidden, _inputNorm, 1e-6f, normed);
            _product.Run(recording, normed, rows, (weights[0], Bias(0), query), (weights[1], Bias(1), key), (weights[2], Bias(2), value));
            Attend(recording, new Projections(query, key, value, false), append: false, attended);
            _product.Run(recording, attended, rows, (weights[3], null, added));
            Elementwise.AddAndNorm(device, recording, x, added.Buffer, rows, Hidden, _innerNorm, 1e-6f, normed);
            _product.Run(recording, normed, rows, (weights[4], null, gate), (weights[5], null, up));
            Elementwise.Gate(device, recording, Activation.Silu, gate, up, rows, Inner, gate);
            _product.Run(recording, gate, rows, (weights[6], null, added));
            Elementwise.AddAndNorm(device, recording, x, added.Buffer, rows, Hidden, null, 1e-6f, normed);
        }

        public void RecordJoined(Recording recording, DeviceRows x)
        {
            VulkanDevice device = _test.Device;
            int rows = Batch.Rows, keys = DeviceMatrix.Padded(_parts[0].Rows), values = keys + DeviceMatrix.Padded(_parts[1].Rows), ups = DeviceMatrix.Padded(Inner);
            DeviceMatrix heads = _test.Matrix(_parts.AsSpan(0, 3)), output = _test.Matrix(_parts[3]), gateAndUp = _test.Matrix(_parts.AsSpan(4, 2)), down = _test.Matrix(_parts[6]);
            Matrices.AddRange([heads, output, gateAndUp, down]);
            DeviceRows normed = New(Hidden), projected = New(heads.Rows), attended = New(_parts[3].Columns), inner = New(gateAndUp.Rows), gated = New(Inner);
            DeviceBuffer bias = _test.Own(DeviceMatrix.JoinBiases(device, _biases)!);

            ProductInput input = _product.InputFor(heads, normed);
            Elementwise.Norm(device, recording, x, rows, Hidden, _inputNorm, 1e-6f, input);
            _product.Run(recording, input, rows, (heads, bias, projected));
            ProductInput result = _product.InputFor(output, attended);
            Attend(recording, new Projections(projected, projected.From(keys), projected.From(values), false), append: true, result);
            _product.Add(recording, result, rows, output, null, 1, x);
            input = _product.InputFor(gateAndUp, normed);
            Elementwise.Norm(device, recording, x, rows, Hidden, _innerNorm, 1e-6f, input);
            _product.Run(recording, input, rows, (gateAndUp, null, inner));
            input = _product.InputFor(down, gated);
            Elementwise.Gate(device, recording, Activation.Silu, inner, inner.From(ups), rows, Inner, input);
            _product.Add(recording, input, rows, down, null, 1, x);
        }

        private void Attend(Recording recording, Projections x, bool append, ProductInput y)
        {
            DeviceBuffer[] caches = [.. Batch.Caches.Select(words => _test.Upload<uint>(words))], prefixes = [.. Batch.Prefixes.Select(words => _test.Upload<uint>(words))];
            var rules = new HeadRules { Cosine = _test.Upload<float>(Batch.Cosine), Sine = _test.Upload<float>(Batch.Sine), Half = Batch.Half };
            DeviceBuffer table = _test.Upload<PassRow>(Batch.Table(caches, prefixes, tokens: false));
            if (!append) _attention.Append(recording, x, rules, table, Batch.Rows, Batch.Layer, caches);
            _attention.Run(recording, x, rules, append, table, 0, Batch.Rows, Batch.Layer, caches, prefixes, y);
        }

        // Products need zeros behind the columns, where attention writes nothing.
        private DeviceRows New(int columns) => _test.Rows(new float[Batch.Rows * columns], columns);

        private DeviceBuffer Bias(int part) => _test.Upload<float>(_biases[part]);
    }
}
