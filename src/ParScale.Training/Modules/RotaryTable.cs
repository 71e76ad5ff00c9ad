using ParScale.Configuration.Rotations;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>
/// Cosines and sines of a <see cref="Rotation"/>: y = x * cos + rotate_half(x) * sin over the numbers of a head that turn, the rest stays.
/// The sign of rotate_half is folded into the sine table, so the rotation is one roll.
/// </summary>
internal sealed class RotaryTable : IDisposable
{
    private readonly Tensor _cosine;
    private readonly Tensor _signedSine;
    private readonly long _half;

    // Held here: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private static readonly Scalar One = 1;

    /// <summary>
    /// Tables for <paramref name="positions"/> positions from <paramref name="first"/> on, shape [S, 1, Size]; computed by the processor.
    /// Frequencies that follow the length are those of a text that ends with these positions.
    /// </summary>
    public RotaryTable(Rotation rotation, long positions, ScalarType type, long first = 0, Device? device = null)
    {
        using var scope = NewDisposeScope();
        _half = rotation.Size / 2;
        var frequencies = new double[_half];
        rotation.Frequencies((int)(first + positions), frequencies);
        using Scalar begin = first, end = first + positions, magnitude = rotation.Magnitude;
        // In float64, as the engine does: a float32 angle is off by 1e-4 after a few thousand positions.
        Tensor angles = TensorOperations.Range(begin, end, ScalarType.Float64).unsqueeze(1) * tensor(frequencies).unsqueeze(0);
        Tensor cosine = angles.cos() * magnitude, sine = angles.sin() * magnitude;
        _cosine = cat([cosine, cosine], -1).unsqueeze(1).to(type).to(device ?? CPU).DetachFromDisposeScope();
        _signedSine = cat([sine.neg(), sine], -1).unsqueeze(1).to(type).to(device ?? CPU).DetachFromDisposeScope();
    }

    private RotaryTable(Tensor cosine, Tensor signedSine, long half) => (_cosine, _signedSine, _half) = (cosine, signedSine, half);

    /// <summary>
    /// The table of packed rows: row p * B + b rotates its token s as position <paramref name="positions"/>[b, s], [B, S], in each of
    /// <paramref name="streams"/> streams.
    /// </summary>
    public RotaryTable At(Tensor positions, int streams) =>
        new(Gather(_cosine, positions, streams), Gather(_signedSine, positions, streams), _half);

    /// <summary>Rotates <paramref name="heads"/>, shape [rows, S, heads, D].</summary>
    public Tensor Apply(Tensor heads)
    {
        using var scope = NewDisposeScope();
        long turning = 2 * _half, staying = heads.shape[^1] - turning;
        Tensor turned = staying == 0 ? Turn(heads) : cat([Turn(heads.narrow(-1, 0, turning)), heads.narrow(-1, turning, staying)], -1);
        return turned.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _cosine.Dispose();
        _signedSine.Dispose();
    }

    private Tensor Turn(Tensor heads) => addcmul(heads * For(heads, _cosine), heads.roll(_half, -1), For(heads, _signedSine), One);

    /// <summary>The part of a table for fewer streams than it was made for: all of them turn alike.</summary>
    private static Tensor For(Tensor heads, Tensor table) =>
        table.dim() == heads.dim() && table.shape[0] > heads.shape[0] ? table.narrow(0, 0, heads.shape[0]) : table;

    /// <summary>[S, 1, Size] to [P * B, S, 1, Size].</summary>
    private static Tensor Gather(Tensor table, Tensor positions, int streams)
    {
        using var scope = NewDisposeScope();
        Tensor rows = table.index_select(0, positions.flatten()).view(positions.shape[0], positions.shape[1], 1, -1);
        return rows.repeat(streams, 1, 1, 1).DetachFromDisposeScope();
    }
}
