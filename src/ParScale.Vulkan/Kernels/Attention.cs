using ParScale.Kernels.Attention;
using ParScale.Kernels.Formats;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>What attention takes from the projections of a pass.</summary>
/// <param name="Query">[rows, heads * D]</param>
/// <param name="Key">[rows, key heads * D]</param>
/// <param name="Value">As keys, with their stride.</param>
/// <param name="Shared">Whether these are rows of tokens, which all their streams have: so in layer 0.</param>
internal readonly record struct Projections(DeviceRows Query, DeviceRows Key, DeviceRows Value, bool Shared);

/// <summary>
/// Attention over caches on the device, [blocks, keys or values, heads, capacity, a slot]: a block for layer 0 and one for each stream of the
/// others. A prefix is the same with a block for each layer and stream. 8-bit slots hold the codes and scales that the CPU's do.
/// </summary>
/// <param name="device">The device.</param>
/// <param name="shape">Heads and their size; as <see cref="CausalAttention"/> has them.</param>
/// <param name="format">How keys and values are stored.</param>
internal sealed class Attention(VulkanDevice device, AttentionShape shape, KvDtype format)
{
    /// <summary>Largest size of a head.</summary>
    public const int MostSize = 512;

    // As in heads.glsl and attention.comp.
    private const int KeyGroup = 32, MostNumbers = 1024;

    private readonly int _format = format switch
    {
        KvDtype.F32 => 0,
        KvDtype.Bf16 => 1,
        KvDtype.Q8 => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    /// <summary>32-bit words of a slot of one head: a number each, two numbers each, or four codes each and then scales.</summary>
    public static int SlotWords(KvDtype format, int headSize) => format switch
    {
        KvDtype.F32 => headSize,
        KvDtype.Bf16 => (headSize + 1) / 2,
        _ => (headSize + 3) / 4 + (headSize + KeyGroup - 1) / KeyGroup,
    };

    /// <summary>A slot of the CPU's in the words that it has on the device. words: [<see cref="SlotWords"/>], zeros.</summary>
    public static void Slot(KvBuffer from, bool isValue, int stream, int head, int slot, Span<uint> words)
    {
        (KvDtype format, int size) = (from.Layout.Type, from.Layout.HeadSize);
        for (int d = 0; d < size; d++)
        {
            if (format == KvDtype.Q8)
            {
                (sbyte code, float scale) = from.Rounded(isValue, stream, head, slot, d);
                words[d / 4] |= (uint)unchecked((byte)code) << d % 4 * 8;
                words[(size + 3) / 4 + (isValue ? 0 : d / KeyGroup)] = BitConverter.SingleToUInt32Bits(scale);
                continue;
            }
            uint bits = BitConverter.SingleToUInt32Bits(isValue ? from.Value(stream, head, slot, d) : from.Key(stream, head, slot, d));
            if (format == KvDtype.F32) words[d] = bits;
            else words[d / 2] |= d % 2 == 0 ? bits >> 16 : bits & 0xFFFF0000;
        }
    }

    /// <summary>Bytes of a number of blocks of <paramref name="capacity"/> slots.</summary>
    public static long Bytes(AttentionShape shape, KvDtype format, int blocks, int capacity) =>
        2L * blocks * shape.KeyValueHeads * capacity * SlotWords(format, shape.HeadSize) * sizeof(uint);

    /// <summary>Multiply-adds for one row that sees so many tokens, or as many as the window has: scores and sums.</summary>
    public long Products(int tokens) => 2L * shape.Heads * shape.HeadSize * Math.Min(tokens, shape.Window);

    /// <summary>Whether <see cref="Run"/> can round what it gives in groups of such a size: heads that fill whole groups are not too many.</summary>
    public bool CanRound(int groupSize) => HeadsTogether(groupSize) * shape.HeadSize <= MostNumbers;

    /// <summary>
    /// Puts the keys and values of rows into the caches; helpers have none there. table: of <see cref="PassRow"/>, an entry for each row; caches: those
    /// that it names.
    /// </summary>
    public void Append(Recording recording, Projections x, HeadRules rules, DeviceBuffer table, int rows, int layer, params ReadOnlySpan<DeviceBuffer> caches)
    {
        Check(x, rules);
        Arguments arguments = Rules(new Arguments().Read(x.Key.Buffer).Read(x.Value.Buffer), rules).Read(table)
            .Number(x.Key.Stride).Number(Heads).Number(Sizes(rules)).Number(layer).Number(rules.Epsilon).Number(rules.Clip);
        foreach (DeviceBuffer cache in caches) arguments.Reaches(cache, Access.Write);
        recording.Run(device.Kernel("append", _format, (int)rules.Norm), arguments, rows, 2 * shape.KeyValueHeads);
    }

    /// <summary>
    /// The attention of <paramref name="rows"/> rows from <paramref name="first"/> on. With <paramref name="append"/> their keys and values go into the caches as well, which takes the place of
    /// <see cref="Append"/> where no sequence has more than one new token. caches, prefixes: those that the table names; y: [rows, heads * D], and what
    /// lies behind floats stays as it is.
    /// </summary>
    public void Run(
        Recording recording, Projections x, HeadRules rules, bool append, DeviceBuffer table, int first, int rows, int layer,
        ReadOnlySpan<DeviceBuffer> caches, ReadOnlySpan<DeviceBuffer> prefixes, ProductInput y)
    {
        Check(x, rules);
        if (y.IsRounded && !CanRound(y.GroupSize))
            throw new ArgumentException($"heads of {shape.HeadSize} cannot be rounded in groups of {y.GroupSize}", nameof(y));
        Arguments arguments = new Arguments().Read(x.Query.Buffer).Read(x.Key.Buffer).Read(x.Value.Buffer);
        y.WrittenBy(Rules(arguments, rules).Read(table)).Number(x.Query.Stride).Number(x.Key.Stride).Number(y.IsRounded ? y.Groups : y.Rows.Stride)
            .Number(Heads).Number(Sizes(rules)).Number(layer).Number(shape.Window).Number(shape.Scale).Number(shape.SoftCap)
            .Number(rules.Epsilon).Number(rules.Clip).Number(first);
        foreach (DeviceBuffer cache in caches) arguments.Reaches(cache, append ? Access.Update : Access.Read);
        foreach (DeviceBuffer prefix in prefixes) arguments.Reaches(prefix, Access.Read);
        int together = y.IsRounded ? HeadsTogether(y.GroupSize) : 1;
        recording.Run(
            device.Kernel("attention", _format, (int)rules.Norm, x.Shared ? 1 : 0, append ? 1 : 0, y.GroupSize), arguments,
            rows, (shape.Heads + together - 1) / together);
    }

    private int Heads => shape.Heads | shape.KeyValueHeads << 16;

    private int Sizes(HeadRules rules) => shape.HeadSize | rules.Half << 16;

    private int HeadsTogether(int groupSize)
    {
        int together = 1;
        while (together * shape.HeadSize % groupSize != 0) together++;
        return together;
    }

    private static Arguments Rules(Arguments arguments, HeadRules rules) => arguments.Read(rules.NormWeights).Read(rules.Cosine).Read(rules.Sine);

    private void Check(Projections x, HeadRules rules)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shape.HeadSize, MostSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shape.Heads, short.MaxValue);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(2 * rules.Half, shape.HeadSize);
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Value.Stride, x.Key.Stride);
    }
}
