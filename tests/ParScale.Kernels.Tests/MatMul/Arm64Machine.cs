using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ParScale.Kernels.Tests.MatMul;

/// <summary>
/// Runs the AArch64 instructions of the matrix kernel one by one, on any processor, as the Arm Architecture Reference Manual describes them.
/// Another instruction, or one in a form that the kernel does not need, is an error.
/// </summary>
internal sealed class Arm64Machine
{
    private const int StackBytes = 4096, StackPointer = 31;
    private const uint Ret = 0xD65F03C0;

    private readonly (uint Mask, uint Bits, Action<uint> Run)[] _instructions;
    private readonly long[] _x = new long[32];
    private readonly int[] _v = new int[32 * 4];
    private bool _isZero;
    private int _next;

    public Arm64Machine()
    {
        _instructions =
        [
            (0xFFE0FC00, 0x4E80AC00, Usmmla),
            (0xFFE0FC00, 0x4E803800, word => SetLanes(word, (a, b) => [a[0], b[0], a[1], b[1]])),
            (0xFFE0FC00, 0x4E807800, word => SetLanes(word, (a, b) => [a[2], b[2], a[3], b[3]])),
            (0xFFE0FC00, 0x4E801800, word => SetLanes(word, (a, b) => [a[0], a[2], b[0], b[2]])),
            (0xFFE0FC00, 0x4E805800, word => SetLanes(word, (a, b) => [a[1], a[3], b[1], b[3]])),
            (0xFFE0FC00, 0x4E201C00, word => SetLanes(word, (a, b) => [a[0] & b[0], a[1] & b[1], a[2] & b[2], a[3] & b[3]])),
            (0xFFFFFC00, 0x6F0C0400, word => SetLanes(word, (a, _) => [.. a.Select(lane => lane >>> 4 & 0x0F0F0F0F)])),
            (0xFFFFFC00, 0x2E613800, word => SetLanes(word, (a, _) => [a[0] << 16, a[0] & -65536, a[1] << 16, a[1] & -65536])),
            (0xFFFFFC00, 0x4E21D800, word => SetLanes(word, (a, _) => [.. a.Select(lane => BitConverter.SingleToInt32Bits(lane))])),
            (0xFFC0F400, 0x4F809000, FmulByLane),
            (0xFFE0FC00, 0x4E20CC00, Fmla),
            (0xFFF8FC00, 0x4F00E400, word => Lanes(Field(word, 0)).Fill((Field(word, 16) & 7) * 0x20202020 | Field(word, 5) * 0x01010101)),
            (0xFFC00000, 0x3DC00000, word => Load(word, 16)),
            (0xFFC00000, 0xFD400000, word => Load(word, 8)),
            (0xFFC00000, 0x3D800000, Store),
            (0xFFC00000, 0xF9400000, word => Set(word, Marshal.ReadInt64(Address(word, 8)))),
            (0xFFE00000, 0xD2800000, word => Set(word, word >> 5 & 0xFFFF)),
            (0xFFE0FFE0, 0xAA0003E0, word => Set(word, _x[Field(word, 16)])),
            (0xFFE0FC00, 0x8B000000, word => Set(word, _x[Field(word, 5)] + _x[Field(word, 16)])),
            (0xFF800000, 0x91000000, word => Set(word, _x[Field(word, 5)] + Immediate(word))),
            (0xFF800000, 0xD1000000, word => Set(word, _x[Field(word, 5)] - Immediate(word))),
            (0xFF800000, 0xF1000000, word => _isZero = Set(word, _x[Field(word, 5)] - Immediate(word)) == 0),
            (0xFF00001F, 0x54000001, word => _next += _isZero ? 0 : ((int)(word << 8) >> 13) - 1),
        ];
    }

    /// <summary>Runs a function with one argument until it returns. The stack pointer must then be what it was, and registers that callers keep too.</summary>
    public void Run(byte[] code, nint argument)
    {
        nint stack = Marshal.AllocHGlobal(StackBytes + 16);
        try
        {
            // Whatever a caller had in its registers.
            new Random(1).NextBytes(MemoryMarshal.AsBytes(_x.AsSpan()));
            new Random(2).NextBytes(MemoryMarshal.AsBytes(_v.AsSpan()));
            _x[0] = argument;
            _x[StackPointer] = stack + StackBytes & -16;
            (long[] x, int[] v) = ([.. _x], [.. _v]);
            for (_next = 0; ; _next++)
            {
                uint word = BinaryPrimitives.ReadUInt32LittleEndian(code.AsSpan(_next * 4));
                if (word == Ret) break;
                Find(word)(word);
                Assert.Equal(0, _x[StackPointer] % 16);
            }
            // x18 is the system's, x19 to x30 and the lower halves of v8 to v15 are the caller's.
            Assert.Equal(x[18..], _x[18..]);
            for (int i = 8; i < 16; i++) Assert.Equal(v[(4 * i)..(4 * i + 2)], _v[(4 * i)..(4 * i + 2)]);
        }
        finally
        {
            Marshal.FreeHGlobal(stack);
        }
    }

    private Action<uint> Find(uint word)
    {
        foreach ((uint mask, uint bits, Action<uint> run) in _instructions)
            if ((word & mask) == bits) return run;
        throw new InvalidOperationException($"no instruction of the kernel: {word:X8}");
    }

    // Eight unsigned bytes of each of two rows of a, eight signed ones of b.
    private void Usmmla(uint word)
    {
        Span<byte> a = MemoryMarshal.AsBytes(Lanes(Field(word, 5)));
        Span<sbyte> b = MemoryMarshal.Cast<int, sbyte>(Lanes(Field(word, 16)));
        Span<int> sum = Lanes(Field(word, 0));
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2; j++)
                for (int k = 0; k < 8; k++) sum[2 * i + j] += a[8 * i + k] * b[8 * j + k];
    }

    private void FmulByLane(uint word)
    {
        float factor = BitConverter.Int32BitsToSingle(Lanes(Field(word, 16))[(int)(word >> 10 & 2 | word >> 21 & 1)]);
        SetLanes(word, (a, _) => [.. a.Select(lane => BitConverter.SingleToInt32Bits(BitConverter.Int32BitsToSingle(lane) * factor))]);
    }

    private void Fmla(uint word)
    {
        int[] sum = [.. Lanes(Field(word, 0))];
        SetLanes(word, (a, b) => [.. sum.Select((lane, i) => BitConverter.SingleToInt32Bits(MathF.FusedMultiplyAdd(
            BitConverter.Int32BitsToSingle(a[i]), BitConverter.Int32BitsToSingle(b[i]), BitConverter.Int32BitsToSingle(lane))))]);
    }

    private void SetLanes(uint word, Func<int[], int[], int[]> result) =>
        result([.. Lanes(Field(word, 5))], [.. Lanes(Field(word, 16))]).CopyTo(Lanes(Field(word, 0)));

    private void Load(uint word, int bytes)
    {
        Lanes(Field(word, 0)).Clear();
        Marshal.Copy(Address(word, bytes), _v, 4 * Field(word, 0), bytes / 4);
    }

    private void Store(uint word) => Marshal.Copy(_v, 4 * Field(word, 0), Address(word, 16), 4);

    private long Set(uint word, long value) => _x[Field(word, 0)] = value;

    private nint Address(uint word, int unit) => (nint)_x[Field(word, 5)] + (int)(word >> 10 & 0xFFF) * unit;

    private static long Immediate(uint word) => (long)(word >> 10 & 0xFFF) << (int)(word >> 22 & 1) * 12;

    private static int Field(uint word, int from) => (int)(word >> from & 31);

    private Span<int> Lanes(int register) => _v.AsSpan(4 * register, 4);
}
