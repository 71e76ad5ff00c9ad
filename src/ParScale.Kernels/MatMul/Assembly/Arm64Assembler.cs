using System.Buffers.Binary;

namespace ParScale.Kernels.MatMul.Assembly;

/// <summary>
/// Writes the few AArch64 instructions that the matrix kernel is made of, as the Arm Architecture Reference Manual encodes them. Methods have the
/// names of the instructions; registers are numbers, 31 being <see cref="StackPointer"/> in addresses and sums.
/// </summary>
internal sealed class Arm64Assembler
{
    public const int StackPointer = 31;

    private const int WordBytes = 4, MostImmediate = 4095;

    private readonly List<uint> _words = [];

    /// <summary>A place that <see cref="BNe"/> can go back to: where the next instruction will be.</summary>
    public int Here => _words.Count;

    /// <summary>The machine code of everything written so far.</summary>
    public byte[] Assemble()
    {
        // Instructions are little-endian, whatever data are.
        byte[] bytes = new byte[_words.Count * WordBytes];
        for (int i = 0; i < _words.Count; i++) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * WordBytes), _words[i]);
        return bytes;
    }

    /// <summary>x = 64 bits at address + offset.</summary>
    public void Ldr(int x, int address, int offset) => Write(0xF9400000 | Scaled(offset, 8), x, address);

    /// <summary>v = 8 bytes at address + offset, then zeros.</summary>
    public void LdrD(int v, int address, int offset) => Write(0xFD400000 | Scaled(offset, 8), v, address);

    /// <summary>v = 16 bytes at address + offset.</summary>
    public void LdrQ(int v, int address, int offset) => Write(0x3DC00000 | Scaled(offset, 16), v, address);

    /// <summary>16 bytes at address + offset = v.</summary>
    public void StrQ(int v, int address, int offset) => Write(0x3D800000 | Scaled(offset, 16), v, address);

    /// <summary>to = number, 0 to 65,535.</summary>
    public void MovZ(int to, int number) => _words.Add(0xD2800000 | Within(number, ushort.MaxValue) << 5 | (uint)to);

    /// <summary>to = a.</summary>
    public void Mov(int to, int a) => Write(0xAA000000, to, StackPointer, a);

    /// <summary>to = a + b.</summary>
    public void Add(int to, int a, int b) => Write(0x8B000000, to, a, b);

    /// <summary>to = a + number, up to 4,095 or a multiple of 4,096.</summary>
    public void AddNumber(int to, int a, int number) => Write(0x91000000 | Immediate(number), to, a);

    /// <summary>to = a - number, up to 4,095 or a multiple of 4,096.</summary>
    public void SubNumber(int to, int a, int number) => Write(0xD1000000 | Immediate(number), to, a);

    /// <summary>The same, and remembers whether it is zero.</summary>
    public void SubsNumber(int to, int a, int number) => Write(0xF1000000 | Immediate(number), to, a);

    /// <summary>Goes back to a place unless the last <see cref="SubsNumber"/> gave zero.</summary>
    public void BNe(int place) => _words.Add(0x54000001 | (uint)(place - Here) << 13 >> 8);

    public void Ret() => _words.Add(0xD65F03C0);

    /// <summary>The same byte in all 16.</summary>
    public void Movi16B(int to, byte value) => _words.Add(0x4F00E400 | (uint)(value >> 5) << 16 | (uint)(value & 31) << 5 | (uint)to);

    public void And16B(int to, int a, int b) => Write(0x4E201C00, to, a, b);

    /// <summary>Each byte, unsigned, shifted right by four.</summary>
    public void UShr16BBy4(int to, int a) => Write(0x6F0C0400, to, a);

    /// <summary>a0, b0, a1, b1, in lanes of 32 bits.</summary>
    public void Zip1(int to, int a, int b) => Write(0x4E803800, to, a, b);

    /// <summary>a2, b2, a3, b3.</summary>
    public void Zip2(int to, int a, int b) => Write(0x4E807800, to, a, b);

    /// <summary>a0, a2, b0, b2.</summary>
    public void Uzp1(int to, int a, int b) => Write(0x4E801800, to, a, b);

    /// <summary>a1, a3, b1, b3.</summary>
    public void Uzp2(int to, int a, int b) => Write(0x4E805800, to, a, b);

    /// <summary>The lower four 16-bit lanes as 32-bit lanes, shifted left by 16: bfloat16 to singles.</summary>
    public void Shll16(int to, int a) => Write(0x2E613800, to, a);

    /// <summary>32-bit integers to singles.</summary>
    public void Scvtf(int to, int a) => Write(0x4E21D800, to, a);

    /// <summary>Singles: to = a * b[lane], b being any register.</summary>
    public void FmulByLane(int to, int a, int b, int lane) => Write(0x4F809000 | (uint)(lane & 1) << 21 | (uint)(lane >> 1) << 11, to, a, b);

    /// <summary>Singles: to = a * b + to in one rounding.</summary>
    public void Fmla(int to, int a, int b) => Write(0x4E20CC00, to, a, b);

    /// <summary>
    /// Two rows of eight unsigned bytes times two rows of eight signed ones: 32-bit lane 2i + j of the sum gains the product of row i of a
    /// with row j of b.
    /// </summary>
    public void Usmmla(int sum, int a, int b) => Write(0x4E80AC00, sum, a, b);

    private void Write(uint code, int to, int a, int b = 0) => _words.Add(code | (uint)b << 16 | (uint)a << 5 | (uint)to);

    // A 12-bit field counts in units of what is loaded.
    private static uint Scaled(int offset, int unit)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(offset % unit, 0, nameof(offset));
        return Within(offset / unit, MostImmediate) << 10;
    }

    private static uint Immediate(int number) => number <= MostImmediate || number % (MostImmediate + 1) != 0
        ? Within(number, MostImmediate) << 10
        : 1u << 22 | Within(number >> 12, MostImmediate) << 10;

    private static uint Within(int number, int most)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, most);
        return (uint)number;
    }
}
