using ParScale.Kernels.Formats;
using ParScale.Vulkan.Kernels;

namespace ParScale.Vulkan.Tests.Support;

/// <summary>The words of a slot of a cache on the device, written and read by plain loops.</summary>
internal static class CacheWords
{
    private const int KeyGroup = 32;

    /// <summary>One head's key or value, [D], to words.</summary>
    public static void Write(KvDtype format, ReadOnlySpan<float> x, bool isValue, Span<uint> words)
    {
        words.Clear();
        if (format != KvDtype.Q8)
        {
            for (int d = 0; d < x.Length; d++)
            {
                uint bits = BitConverter.SingleToUInt32Bits(x[d]);
                if (format == KvDtype.F32) words[d] = bits;
                else words[d / 2] |= (bits + 0x7FFF + (bits >> 16 & 1)) >> 16 << (d % 2 * 16);
            }
            return;
        }
        int codes = (x.Length + 3) / 4, size = isValue ? x.Length : KeyGroup;
        for (int start = 0; start < x.Length; start += size)
        {
            ReadOnlySpan<float> group = x.Slice(start, Math.Min(size, x.Length - start));
            float largest = 0;
            foreach (float value in group) largest = Math.Max(largest, Math.Abs(value));
            words[codes + start / size] = BitConverter.SingleToUInt32Bits(largest / 127);
            for (int i = 0; i < group.Length; i++)
                words[(start + i) / 4] |= (uint)(byte)(sbyte)MathF.Round(group[i] * (127 / largest)) << ((start + i) % 4 * 8);
        }
    }

    /// <summary>Number d of a slot's words.</summary>
    public static float Read(KvDtype format, ReadOnlySpan<uint> words, int size, bool isValue, int d) => format switch
    {
        KvDtype.F32 => BitConverter.UInt32BitsToSingle(words[d]),
        KvDtype.Bf16 => BitConverter.UInt32BitsToSingle(words[d / 2] >> (d % 2 * 16) << 16),
        _ => (sbyte)(words[d / 4] >> (d % 4 * 8)) * BitConverter.UInt32BitsToSingle(words[(size + 3) / 4 + (isValue ? 0 : d / KeyGroup)]),
    };

    /// <summary>The first word of a slot.</summary>
    public static int Place(KvDtype format, int size, int block, bool isValue, int heads, int head, int capacity, int slot) =>
        (((block * 2 + (isValue ? 1 : 0)) * heads + head) * capacity + slot) * Attention.SlotWords(format, size);
}
