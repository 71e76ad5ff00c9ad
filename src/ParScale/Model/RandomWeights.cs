using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Quantization;

namespace ParScale.Model;

/// <summary>
/// Weights of any shape out of nothing, in seconds, for measuring: finite, as large as those that a training starts from, the
/// same in every run. Models of one shape that differ only in P share all matrices but the aggregator's.
/// </summary>
internal sealed class RandomWeights(WeightDtype type) : IWeightSource, IDisposable
{
    // The published models' range of initial values; with it activations stay near 1 through any number of layers.
    private const float Deviation = 0.02f;

    private readonly Dictionary<(string Name, long Columns), WeightMatrix> _matrices = [];
    private Dictionary<string, long[]> _shapes = [];

    /// <inheritdoc/>
    public IReadOnlyList<string> NonFinite => [];

    /// <summary>None: they are shared, and freed with this object.</summary>
    public IReadOnlyList<WeightMatrix> Matrices => [];

    /// <summary>A backbone of a shape. It lives as long as this object.</summary>
    public Backbone Backbone(ModelConfig model)
    {
        _shapes = Shapes(model, StreamConfig.Plain);
        return Model.Backbone.From(this, model);
    }

    /// <summary>Streams for a backbone of a shape. Their matrices live as long as this object.</summary>
    public StreamSet Streams(ModelConfig model, StreamConfig streams, KvDtype cache)
    {
        _shapes = Shapes(model, streams);
        return StreamSet.From(this, model, streams, cache);
    }

    /// <inheritdoc/>
    public WeightMatrix Matrix(string name)
    {
        long[] shape = _shapes[name];
        if (_matrices.TryGetValue((name, shape[1]), out WeightMatrix? known) && known.Rows == shape[0]) return known;
        WeightMatrix matrix = WeightMatrix.Random(MatrixTypes.Of(name, TensorType.BF16, type), (int)shape[0], (int)shape[1], Deviation, Seed(name));
        _matrices[(name, shape[1])] = matrix;
        return matrix;
    }

    /// <inheritdoc/>
    public TensorType StoredType(string name) => TensorType.BF16;

    /// <summary>Norms are 1, the rest is random.</summary>
    public float[] Vector(string name)
    {
        var values = new float[_shapes[name].Aggregate(1L, (product, axis) => product * axis)];
        if (ModelTensors.IsNorm(name))
        {
            Array.Fill(values, 1);
            return values;
        }
        using WeightMatrix random = WeightMatrix.Random(WeightDtype.F32, 1, values.Length, Deviation, Seed(name));
        random.CopyRow(0, values);
        return values;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (WeightMatrix matrix in _matrices.Values) matrix.Dispose();
    }

    /// <summary>Bytes of the weights of a shape in memory.</summary>
    public static long BytesFor(CheckpointConfig config, WeightDtype type) => MatrixTypes.Bytes(config, type, _ => TensorType.BF16);

    private static Dictionary<string, long[]> Shapes(ModelConfig model, StreamConfig streams) =>
        ModelTensors.Loaded(model, streams).ToDictionary(StringComparer.Ordinal);

    private static ulong Seed(string name)
    {
        // FNV-1a: the same in every process, which a string's own hash code is not.
        ulong hash = 0xCBF29CE484222325;
        foreach (char letter in name) hash = unchecked((hash ^ letter) * 0x100000001B3);
        return hash;
    }
}
