using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>
/// Rotary position embedding over head halves: y = x * cos + rotate_half(x) * sin, angle[s, i] = s * theta^(-2i / D).
/// The sign of rotate_half is folded into the sine table, so the rotation is one roll.
/// </summary>
internal sealed class RotaryTable : IDisposable
{
    private readonly Tensor _cosine;
    private readonly Tensor _signedSine;
    private readonly long _half;

    // Held here: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private static readonly Scalar One = 1;

    /// <summary>Tables for <paramref name="positions"/> positions from <paramref name="first"/> on, shape [S, 1, D]; computed by the processor.</summary>
    public RotaryTable(long positions, int headSize, double theta, ScalarType type, long first = 0, Device? device = null)
    {
        using var scope = NewDisposeScope();
        _half = headSize / 2;
        // In float64, as the engine does: a float32 angle is off by 1e-4 after a few thousand positions.
        double[] frequencies = [.. Enumerable.Range(0, headSize / 2).Select(i => Math.Pow(theta, -2.0 * i / headSize))];
        using Scalar begin = first, end = first + positions;
        Tensor angles = TensorOperations.Range(begin, end, ScalarType.Float64).unsqueeze(1) * tensor(frequencies).unsqueeze(0);
        Tensor sine = angles.sin();
        _cosine = cat([angles.cos(), angles.cos()], -1).unsqueeze(1).to(type).to(device ?? CPU).DetachFromDisposeScope();
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
        return addcmul(heads * _cosine, heads.roll(_half, -1), _signedSine, One).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _cosine.Dispose();
        _signedSine.Dispose();
    }

    /// <summary>[S, 1, D] to [P * B, S, 1, D].</summary>
    private static Tensor Gather(Tensor table, Tensor positions, int streams)
    {
        using var scope = NewDisposeScope();
        Tensor rows = table.index_select(0, positions.flatten()).view(positions.shape[0], positions.shape[1], 1, -1);
        return rows.repeat(streams, 1, 1, 1).DetachFromDisposeScope();
    }
}
