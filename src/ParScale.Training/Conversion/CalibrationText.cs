using ParScale.Configuration;
using ParScale.Generation;
using static TorchSharp.torch;

namespace ParScale.Training.Conversion;

/// <summary>The windows on which <see cref="StreamInit.Keep"/> looks at a model's queries.</summary>
internal sealed record CalibrationText(Tensor Windows, long[] Offsets) : IDisposable
{
    private const int Rows = 16;
    private const int LongestRow = 128;

    /// <summary>
    /// 16 windows of up to 128 tokens, spread evenly over <paramref name="tokens"/>. One half stands at position 0, the other anywhere
    /// in the model's context, as prefixes are seen from everywhere.
    /// </summary>
    public static CalibrationText From(int[] tokens, CheckpointConfig config, long seed)
    {
        var random = new SplitMix64((ulong)seed);
        int length = Math.Min(Math.Min(LongestRow, config.Model.MaxPositions), tokens.Length);
        long[] ids = new long[Rows * length];
        for (int row = 0; row < Rows; row++)
        {
            long start = (tokens.Length - length) * (long)row / (Rows - 1);
            for (int i = 0; i < length; i++) ids[row * length + i] = tokens[start + i];
        }
        ulong room = (ulong)(config.Model.MaxPositions - length + 1);
        long[] offsets = [.. Enumerable.Range(0, Rows).Select(row => row % 2 == 0 ? 0L : (long)(random.NextUInt64() % room))];
        return new CalibrationText(tensor(ids).view(Rows, length).DetachFromDisposeScope(), offsets);
    }

    public void Dispose() => Windows.Dispose();
}
