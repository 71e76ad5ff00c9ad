using System.Runtime.InteropServices;
using ParScale.Model;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>
/// The <see cref="Likeliest.Most"/> likeliest tokens of rows of logits, in falling order, equal ones by token; the same on every device. Each level keeps
/// the likeliest of every block of <see cref="BlockKeys"/>, until a row has one block.
/// </summary>
internal sealed class LikeliestTokens : IDisposable
{
    /// <summary>Logits, or keys of the level before, of a block; as in likeliest.comp.</summary>
    public const int BlockKeys = 2048;

    private const int Lanes = 256;

    // Of a logit that is not finite; finite ones have smaller numbers.
    private const uint NotFinite = uint.MaxValue;

    private readonly VulkanDevice _device;
    private readonly int _vocabulary;
    private readonly DeviceBuffer[] _levels;

    /// <param name="device">The device.</param>
    /// <param name="vocabulary">Tokens of a row.</param>
    /// <param name="rows">Most rows at a time.</param>
    public LikeliestTokens(VulkanDevice device, int vocabulary, int rows)
    {
        (_device, _vocabulary) = (device, vocabulary);
        var levels = new List<DeviceBuffer>();
        for (int blocks = Blocks(vocabulary); blocks > 1; blocks = Blocks(blocks * Likeliest.Most)) levels.Add(device.Memory.Allocate(BytesOf(rows * blocks)));
        _levels = [.. levels];
    }

    /// <summary>Bytes of the lists of so many rows.</summary>
    public static long BytesOf(int rows) => (long)rows * Likeliest.Most * Marshal.SizeOf<Key>();

    /// <summary>Bytes that a number of rows takes besides, nearly.</summary>
    public static long BytesFor(int vocabulary, int rows) => 2 * BytesOf(rows) * Blocks(vocabulary);

    /// <summary>Records the choice. logits: [rows, vocabulary]; y: lists of rows, as <see cref="Read"/> reads them.</summary>
    public void Choose(Recording recording, DeviceBuffer logits, int rows, DeviceBuffer y)
    {
        (DeviceBuffer from, int count) = (logits, _vocabulary);
        for (int level = 0; level <= _levels.Length; level++)
        {
            DeviceBuffer to = level < _levels.Length ? _levels[level] : y;
            recording.Run(_device.Kernel("likeliest", Lanes, level == 0 ? 1 : 0), new Arguments().Read(from).Write(to).Number(count), Blocks(count), rows);
            (from, count) = (to, Blocks(count) * Likeliest.Most);
        }
    }

    /// <summary>Reads the list of a row. Returns how many tokens it has: all, where the vocabulary has fewer.</summary>
    /// <param name="lists">Lists of rows.</param>
    /// <param name="row">Which.</param>
    /// <param name="tokens">[<see cref="Likeliest.Most"/>]</param>
    /// <param name="logits">[<see cref="Likeliest.Most"/>]; the first is NaN where one of the row is not finite.</param>
    public int Read(DeviceBuffer lists, int row, Span<int> tokens, Span<float> logits)
    {
        int count = Math.Min(_vocabulary, Likeliest.Most);
        ReadOnlySpan<Key> keys = lists.Span<Key>().Slice(row * Likeliest.Most, count);
        for (int i = 0; i < count; i++)
        {
            uint number = keys[i].Number;
            tokens[i] = (int)~keys[i].Turned;
            logits[i] = number == NotFinite ? float.NaN : BitConverter.UInt32BitsToSingle((number & 0x80000000) != 0 ? number ^ 0x80000000 : ~number);
        }
        return count;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DeviceBuffer level in _levels) _device.Memory.Free(level);
    }

    private static int Blocks(int keys) => (keys + BlockKeys - 1) / BlockKeys;

    /// <summary>Of a logit, as likeliest.comp makes it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Key(uint Number, uint Turned);
}
