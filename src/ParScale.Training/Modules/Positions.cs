using ParScale.Model;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>What every layer needs to know about a window of S positions: the rotary table and who sees whom.</summary>
internal sealed class Positions : IDisposable
{
    public Positions(ModelConfig config, long length, ScalarType type)
    {
        Length = length;
        Rotary = new RotaryTable(length, config.HeadSize, config.RopeTheta, type);
        using var scope = NewDisposeScope();
        Tensor prefix = zeros(length, config.PrefixTokens);
        Tensor causal = full([length, length], double.NegativeInfinity).triu(1);
        Mask = cat([prefix, causal], 1).to(type).DetachFromDisposeScope();
    }

    /// <summary>The number of tokens S.</summary>
    public long Length { get; }

    public RotaryTable Rotary { get; }

    /// <summary>Additive mask [S, prefix + S]: 0 where a query may look, else minus infinity.</summary>
    public Tensor Mask { get; }

    public void Dispose()
    {
        Rotary.Dispose();
        Mask.Dispose();
    }
}
