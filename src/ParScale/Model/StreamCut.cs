using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Memory;
using ParScale.Quantization;

namespace ParScale.Model;

/// <summary>
/// The first P' streams of a checkpoint with more: of prefixes and of the aggregator's second layer the first P' parts, of its first
/// matrix the columns h * P + p with p &lt; P'. They are cut before they are converted, so a folder that holds the cut gives the same bits.
/// Of a quantised folder the first matrix is quantised once more.
/// </summary>
/// <param name="checkpoint">An open checkpoint with P streams.</param>
/// <param name="type">Storage of the matrices, as <see cref="WeightReader"/> takes it.</param>
/// <param name="count">P', less than P.</param>
internal sealed class StreamCut(Checkpoint checkpoint, WeightDtype? type, int count) : IWeightSource
{
    private readonly WeightReader _whole = new(checkpoint, null);
    private readonly List<WeightMatrix> _matrices = [];
    private readonly int _streams = checkpoint.Config.Streams.Count;

    /// <inheritdoc/>
    public IReadOnlyList<string> NonFinite => _whole.NonFinite;

    /// <inheritdoc/>
    public IReadOnlyList<WeightMatrix> Matrices => _matrices;

    /// <inheritdoc/>
    public WeightMatrix Matrix(string name)
    {
        using WeightMatrix whole = _whole.Matrix(name);
        bool byColumns = name == ModelTensors.AggregatorName;
        int rows = byColumns ? whole.Rows : whole.Rows / _streams * count, columns = byColumns ? whole.Columns / _streams * count : whole.Columns;
        var values = new float[rows * columns];
        var row = new float[whole.Columns];
        for (int r = 0; r < rows; r++)
        {
            whole.CopyRow(r, row);
            Span<float> target = values.AsSpan(r * columns, columns);
            if (!byColumns) row.CopyTo(target);
            else for (int h = 0; h < whole.Columns / _streams; h++) row.AsSpan(h * _streams, count).CopyTo(target[(h * count)..]);
        }
        WeightDtype stored = WeightFormats.IsQuantized(whole.Type) ? whole.Type : MatrixTypes.Of(name, checkpoint.Get(name).Info.Type, type);
        var matrix = WeightMatrix.FromValues(values, stored, rows, columns);
        _matrices.Add(matrix);
        return matrix;
    }

    /// <inheritdoc/>
    public TensorType StoredType(string name) => _whole.StoredType(name);

    /// <inheritdoc/>
    public float[] Vector(string name)
    {
        float[] whole = _whole.Vector(name);
        // The first bias has one number for each hidden one, whatever P is.
        if (name.EndsWith("aggregate_layer.0.bias", StringComparison.Ordinal)) return whole;
        // An anchor has no prefix.
        int without = checkpoint.Config.Streams.Anchored && ModelTensors.IsPrefix(name) ? 1 : 0;
        return whole[..(whole.Length / (_streams - without) * (count - without))];
    }
}
