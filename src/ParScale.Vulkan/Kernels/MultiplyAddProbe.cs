using System.Runtime.InteropServices;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Kernels;

/// <summary>
/// Finds out whether a device's <c>fma</c> rounds once. Vulkan lets it round twice, and no property tells: so thousands of multiply-adds on which other
/// roundings show are computed, and compared bit by bit with the CPU's. They stay where products use <c>fma</c>: the scale not tiny, nothing denormal, since devices
/// may take denormal numbers for zeros.
/// </summary>
internal static class MultiplyAddProbe
{
    /// <summary>Words of a case: the integer, of at most 22 bits, and the bits of scale and sum.</summary>
    public const int CaseWords = 3;

    private const int Draws = 1024, Lanes = 256;

    // count * scale, in units of half a unit in the last place of 1: a bit more, a bit less and exactly that; the bit is too small for float64. Products of
    // two whole numbers that lie beside a power of two: 2^33 + 1 = 2049 * 4192257, 2^33 - 1 = 14329 * 599479.
    private static readonly (int Count, int Scale, int Power)[] NearHalf = [(2049, 4192257, -33), (14329, 599479, -33), (1 << 20, 1, -20), ((1 << 20) - 1, 1 << 22, -42), ((1 << 20) + 1, 1 << 22, -42)];

    /// <summary>Whether all bits of <c>fma</c> are the CPU's. For whoever holds the device's gate.</summary>
    public static bool RoundsOnce(VulkanDevice device)
    {
        uint[] cases = Cases();
        return MemoryMarshal.AsBytes(Run(device, cases, byHand: false).AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(Expected(cases).AsSpan()));
    }

    /// <summary>The cases, the same for every device.</summary>
    public static uint[] Cases()
    {
        var words = new List<uint>();
        var random = new Random(1);
        void Add(int count, float scale, float sum)
        {
            foreach (int sign in (ReadOnlySpan<int>)[1, -1])
                words.AddRange([unchecked((uint)(sign * count)), BitConverter.SingleToUInt32Bits(scale), BitConverter.SingleToUInt32Bits(sign * sum)]);
        }
        for (int i = 0; i < Draws; i++)
        {
            // Scales from 2^-55 to 2^20.
            int power = random.Next(-55, 20), count = random.Next(1, 1 << random.Next(1, 23)) * (1 - i % 2 * 2);
            float scale = MathF.ScaleB(1 + random.NextSingle(), power), product = count * scale;
            // Sums of the product's size, much larger and smaller ones, and those that leave nothing but what a rounded product has lost.
            Add(count, scale, (random.NextSingle() - 0.5f) * 4 * product);
            Add(count, scale, product * MathF.ScaleB(1 + random.NextSingle(), random.Next(-30, 30)));
            Add(count, scale, -product);
            Add(count, scale, random.Next(2) == 0 ? MathF.BitDecrement(-product) : MathF.BitIncrement(-product));
            // Half a unit in the last place of the sum, whose last bit is even or odd.
            (int near, int factor, int shift) = NearHalf[i % NearHalf.Length];
            int up = random.Next(-12, 20);
            float one = MathF.ScaleB(1 + (random.Next(1 << 23) & ~1 | i & 1) * MathF.ScaleB(1, -23), up);
            Add(near, MathF.ScaleB(factor, shift - 24 + up), one);
            Add(-near, MathF.ScaleB(factor, shift - 24 + up), one);
            // A product of 25 bits that end in one, 2^24 + 1, and a sum far below it that decides.
            Add(24929, MathF.ScaleB(673, up), MathF.ScaleB(random.Next(3) - 1, random.Next(-120, -60)));
        }
        return [.. words];
    }

    /// <summary>What the CPU gives, and every processor: the nearest to the exact result, of two the even one.</summary>
    public static float[] Expected(ReadOnlySpan<uint> cases)
    {
        var y = new float[cases.Length / CaseWords];
        for (int i = 0; i < y.Length; i++)
        {
            ReadOnlySpan<uint> one = cases.Slice(i * CaseWords, CaseWords);
            y[i] = MathF.FusedMultiplyAdd(unchecked((int)one[0]), BitConverter.UInt32BitsToSingle(one[1]), BitConverter.UInt32BitsToSingle(one[2]));
        }
        return y;
    }

    /// <summary>What the device gives, with its <c>fma</c> or with what products do without one.</summary>
    public static float[] Run(VulkanDevice device, ReadOnlySpan<uint> cases, bool byHand)
    {
        using var buffers = new DeviceBuffers(device);
        var results = new float[cases.Length / CaseWords];
        DeviceBuffer x = buffers.Upload(cases), y = buffers.Allocate((long)results.Length * sizeof(float));
        using (Recording recording = device.Record())
        {
            recording.Run(device.Kernel("fma", byHand ? 0 : 1), new Arguments().Read(x).Write(y).Number(results.Length), (results.Length + Lanes - 1) / Lanes).Submit();
        }
        device.Download(y, MemoryMarshal.AsBytes(results.AsSpan()));
        return results;
    }
}
