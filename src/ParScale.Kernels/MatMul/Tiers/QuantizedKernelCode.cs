using System.Runtime.InteropServices;
using Iced.Intel;
using ParScale.Kernels.Formats;
using static Iced.Intel.AssemblerRegisters;

namespace ParScale.Kernels.MatMul.Tiers;

/// <summary>
/// Writes the machine code of one block-quantized product: tiles of 32 outputs times a fixed number of rows, with 512-bit
/// <c>vpdpbusd</c>, which .NET has no intrinsic for. The one argument is a <see cref="QuantizedMatMulArgs"/>; only
/// zmm0-5 and zmm16-31 are used, which no calling convention asks to keep.
/// </summary>
internal sealed class QuantizedKernelCode
{
    private const int VectorBytes = 64;

    // Vectors of sixteen outputs in a tile.
    private const int Vectors = QuantizedLayout.TileRows / 16;

    // Steps of the inner loop written out one after another.
    private const int Unroll = 4;

    private static readonly AssemblerRegisterZMM[] Sums =
    [
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private static readonly AssemblerRegister64[] Kept = [rbx, rbp, rsi, rdi, r12, r13, r14, r15];

    private readonly Assembler _code = new(64);
    private readonly int _rows;
    private readonly bool _nibbles;
    private readonly int _groupSize;

    private QuantizedKernelCode(WeightDtype type, int rows)
    {
        _rows = rows;
        QuantizedNumbers numbers = WeightFormats.Numbers(type);
        _nibbles = numbers.ValuesPerByte == 2;
        _groupSize = numbers.GroupSize;
    }

    /// <summary>The code for 1 to 8 rows.</summary>
    public static byte[] Write(WeightDtype type, int rows)
    {
        var kernel = new QuantizedKernelCode(type, rows);
        kernel.WriteAll();
        var bytes = new MemoryStream();
        kernel._code.Assemble(new StreamCodeWriter(bytes), 0);
        return bytes.ToArray();
    }

    // rbp arguments, rbx and r12 weights and their stride, rsi scales, r14 tiles left, r15 and rdi output and its stride, rdx and r13
    // prefetching and its step.
    private void WriteAll()
    {
        foreach (AssemblerRegister64 register in Kept) _code.push(register);
        _code.mov(rbp, OperatingSystem.IsWindows() ? rcx : rdi);
        int frame = _rows * Vectors * VectorBytes;
        _code.mov(rax, rsp);
        _code.sub(rsp, frame + VectorBytes);
        _code.and(rsp, -VectorBytes);
        _code.mov(__[rsp + frame], rax);

        _code.mov(rbx, Field(nameof(QuantizedMatMulArgs.Weights)));
        _code.mov(r12, Field(nameof(QuantizedMatMulArgs.WeightStride)));
        _code.mov(rsi, Field(nameof(QuantizedMatMulArgs.Scales)));
        _code.mov(rdx, Field(nameof(QuantizedMatMulArgs.Prefetch)));
        _code.mov(r13, Field(nameof(QuantizedMatMulArgs.PrefetchStep)));
        _code.mov(r14, Field(nameof(QuantizedMatMulArgs.Tiles)));
        _code.mov(r15, Field(nameof(QuantizedMatMulArgs.Y)));
        _code.mov(rdi, Field(nameof(QuantizedMatMulArgs.YStride)));
        if (_nibbles)
        {
            _code.mov(eax, 0x0F0F0F0F);
            _code.vpbroadcastd(zmm5, eax);
        }
        Label tile = _code.CreateLabel();
        _code.Label(ref tile);
        WriteTile();
        _code.add(rbx, r12);
        _code.add(rsi, Field(nameof(QuantizedMatMulArgs.ScaleStride)));
        _code.add(r15, Vectors * VectorBytes);
        _code.dec(r14);
        _code.jne(tile);

        _code.mov(rsp, __[rsp + frame]);
        _code.vzeroupper();
        foreach (AssemblerRegister64 register in Kept.Reverse()) _code.pop(register);
        _code.ret();
    }

    // All groups of a tile. r8 weights, r9 x, r10 groups of x, r11 scales, rax groups left; float sums on the stack.
    private void WriteTile()
    {
        _code.vpxord(zmm0, zmm0, zmm0);
        for (int i = 0; i < _rows * Vectors; i++) _code.vmovaps(__zmmword_ptr[rsp + i * VectorBytes], zmm0);
        _code.mov(r8, rbx);
        _code.mov(r9, Field(nameof(QuantizedMatMulArgs.X)));
        _code.mov(r10, Field(nameof(QuantizedMatMulArgs.XGroups)));
        _code.mov(r11, rsi);
        _code.mov(rax, Field(nameof(QuantizedMatMulArgs.Groups)));
        Label group = _code.CreateLabel();
        _code.Label(ref group);
        for (int row = 0; row < _rows; row++)
            for (int vector = 0; vector < Vectors; vector++)
                _code.vpbroadcastd(Sum(row, vector), __dword_ptr[r10 + row * 8 + 4]);

        int steps = _groupSize / (_nibbles ? 8 : 4);
        _code.mov(ecx, steps / Unroll);
        Label step = _code.CreateLabel();
        _code.Label(ref step);
        for (int i = 0; i < Unroll; i++) WriteStep(i);
        _code.add(r8, Unroll * Vectors * VectorBytes);
        _code.add(r9, _groupSize / steps * Unroll);
        _code.dec(ecx);
        _code.jne(step);

        WriteScaling();
        if (_rows > 1) _code.add(r9, (_rows - 1) * _groupSize);
        _code.add(r10, _rows * 8);
        _code.add(r11, QuantizedLayout.TileRows * sizeof(ushort));
        _code.dec(rax);
        _code.jne(group);

        _code.mov(r8, r15);
        for (int row = 0; row < _rows; row++)
        {
            for (int vector = 0; vector < Vectors; vector++)
            {
                _code.vmovaps(zmm0, Kept32(row, vector));
                _code.vmovups(__zmmword_ptr[r8 + vector * VectorBytes], zmm0);
            }
            _code.add(r8, rdi);
        }
    }

    // Four values of every output, or eight when they are nibbles, times those of every row.
    private void WriteStep(int index)
    {
        for (int vector = 0; vector < Vectors; vector++)
        {
            int offset = (index * Vectors + vector) * VectorBytes;
            _code.prefetcht0(__byte_ptr[rdx + vector * VectorBytes]);
            if (_nibbles)
            {
                AssemblerRegisterZMM first = vector == 0 ? zmm0 : zmm2, next = vector == 0 ? zmm1 : zmm3;
                _code.vmovdqu32(next, __zmmword_ptr[r8 + offset]);
                _code.vpandd(first, next, zmm5);
                _code.vpsrld(next, next, 4);
                _code.vpandd(next, next, zmm5);
            }
            else
            {
                _code.vmovdqu32(vector == 0 ? zmm0 : zmm1, __zmmword_ptr[r8 + offset]);
            }
        }
        _code.add(rdx, r13);
        if (_nibbles)
        {
            WriteProducts(zmm0, zmm2, index * 2);
            WriteProducts(zmm1, zmm3, index * 2 + 1);
        }
        else
        {
            WriteProducts(zmm0, zmm1, index);
        }
    }

    private void WriteProducts(AssemblerRegisterZMM first, AssemblerRegisterZMM second, int word)
    {
        for (int row = 0; row < _rows; row++)
        {
            int offset = row * _groupSize + word * 4;
            _code.vpbroadcastd(zmm4, __dword_ptr[r9 + offset]);
            _code.vpdpbusd(Sum(row, 0), first, zmm4);
            _code.vpdpbusd(Sum(row, 1), second, zmm4);
        }
    }

    // sum = fma(integer sum, scale of the weights * scale of x, sum).
    private void WriteScaling()
    {
        for (int vector = 0; vector < Vectors; vector++)
        {
            AssemblerRegisterZMM scale = vector == 0 ? zmm0 : zmm1;
            _code.vpmovzxwd(scale, __ymmword_ptr[r11 + vector * VectorBytes / 2]);
            _code.vpslld(scale, scale, 16);
        }
        for (int row = 0; row < _rows; row++)
        {
            _code.vbroadcastss(zmm2, __dword_ptr[r10 + row * 8]);
            for (int vector = 0; vector < Vectors; vector++)
            {
                AssemblerRegisterZMM sum = Sum(row, vector);
                _code.vmulps(zmm3, vector == 0 ? zmm0 : zmm1, zmm2);
                _code.vcvtdq2ps(sum, sum);
                _code.vfmadd213ps(sum, zmm3, Kept32(row, vector));
                _code.vmovaps(Kept32(row, vector), sum);
            }
        }
    }

    private static AssemblerRegisterZMM Sum(int row, int vector) => Sums[row * Vectors + vector];

    private static AssemblerMemoryOperand Kept32(int row, int vector) => __zmmword_ptr[rsp + (row * Vectors + vector) * VectorBytes];

    private static AssemblerMemoryOperand Field(string name) => __qword_ptr[rbp + (int)Marshal.OffsetOf<QuantizedMatMulArgs>(name)];
}
