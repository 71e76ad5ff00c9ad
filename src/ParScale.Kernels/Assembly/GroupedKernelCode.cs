using System.Runtime.InteropServices;
using Iced.Intel;
using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul.Tiers;
using static Iced.Intel.AssemblerRegisters;

namespace ParScale.Kernels.Assembly;

/// <summary>
/// Writes the machine code of one grouped product: tiles of 32 rows times a fixed number of columns, with 512-bit
/// <c>vpdpbusd</c>, which .NET has no intrinsic for. The one argument is a <see cref="GroupedProduct"/>; only
/// zmm0-5 and zmm16-31 are used, which no calling convention asks to keep.
/// </summary>
internal sealed class GroupedKernelCode
{
    private const int VectorBytes = 64;

    // Vectors of sixteen rows in a tile.
    private const int Vectors = GroupLayout.TileRows / 16;

    // Steps of the inner loop written out one after another.
    private const int Unroll = 4;

    private static readonly AssemblerRegisterZMM[] Sums =
    [
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private static readonly AssemblerRegister64[] Kept = [rbx, rbp, rsi, rdi, r12, r13, r14, r15];

    private readonly Assembler _code = new(64);
    private readonly int _columns;
    private readonly bool _nibbles;
    private readonly int _groupSize;

    private GroupedKernelCode(WeightType type, int columns)
    {
        _columns = columns;
        _nibbles = type == WeightType.Q4;
        _groupSize = GroupLayout.GroupSize(type);
    }

    /// <summary>The code for 1 to 8 columns.</summary>
    public static byte[] Write(WeightType type, int columns)
    {
        var kernel = new GroupedKernelCode(type, columns);
        kernel.WriteAll();
        var bytes = new MemoryStream();
        kernel._code.Assemble(new StreamCodeWriter(bytes), 0);
        return bytes.ToArray();
    }

    // rbp product, rbx and r12 weights and their stride, rsi scales, r14 tiles left, r15 and rdi output and its stride, rdx and r13
    // prefetching and its step.
    private void WriteAll()
    {
        foreach (AssemblerRegister64 register in Kept) _code.push(register);
        _code.mov(rbp, OperatingSystem.IsWindows() ? rcx : rdi);
        int frame = _columns * Vectors * VectorBytes;
        _code.mov(rax, rsp);
        _code.sub(rsp, frame + VectorBytes);
        _code.and(rsp, -VectorBytes);
        _code.mov(__[rsp + frame], rax);

        _code.mov(rbx, Field(nameof(GroupedProduct.Weights)));
        _code.mov(r12, Field(nameof(GroupedProduct.WeightStride)));
        _code.mov(rsi, Field(nameof(GroupedProduct.Scales)));
        _code.mov(rdx, Field(nameof(GroupedProduct.Prefetch)));
        _code.mov(r13, Field(nameof(GroupedProduct.PrefetchStep)));
        _code.mov(r14, Field(nameof(GroupedProduct.Tiles)));
        _code.mov(r15, Field(nameof(GroupedProduct.Y)));
        _code.mov(rdi, Field(nameof(GroupedProduct.YStride)));
        if (_nibbles)
        {
            _code.mov(eax, 0x0F0F0F0F);
            _code.vpbroadcastd(zmm5, eax);
        }
        Label tile = _code.CreateLabel();
        _code.Label(ref tile);
        WriteTile();
        _code.add(rbx, r12);
        _code.add(rsi, Field(nameof(GroupedProduct.ScaleStride)));
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
        for (int i = 0; i < _columns * Vectors; i++) _code.vmovaps(__zmmword_ptr[rsp + i * VectorBytes], zmm0);
        _code.mov(r8, rbx);
        _code.mov(r9, Field(nameof(GroupedProduct.X)));
        _code.mov(r10, Field(nameof(GroupedProduct.XGroups)));
        _code.mov(r11, rsi);
        _code.mov(rax, Field(nameof(GroupedProduct.Groups)));
        Label group = _code.CreateLabel();
        _code.Label(ref group);
        for (int column = 0; column < _columns; column++)
            for (int row = 0; row < Vectors; row++)
                _code.vpbroadcastd(Sum(column, row), __dword_ptr[r10 + column * 8 + 4]);

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
        if (_columns > 1) _code.add(r9, (_columns - 1) * _groupSize);
        _code.add(r10, _columns * 8);
        _code.add(r11, GroupLayout.TileRows * sizeof(ushort));
        _code.dec(rax);
        _code.jne(group);

        _code.mov(r8, r15);
        for (int column = 0; column < _columns; column++)
        {
            for (int row = 0; row < Vectors; row++)
            {
                _code.vmovaps(zmm0, Kept32(column, row));
                _code.vmovups(__zmmword_ptr[r8 + row * VectorBytes], zmm0);
            }
            _code.add(r8, rdi);
        }
    }

    // Four values of every row, or eight when they are nibbles, times those of every column.
    private void WriteStep(int index)
    {
        for (int row = 0; row < Vectors; row++)
        {
            int offset = (index * Vectors + row) * VectorBytes;
            _code.prefetcht0(__byte_ptr[rdx + row * VectorBytes]);
            if (_nibbles)
            {
                AssemblerRegisterZMM first = row == 0 ? zmm0 : zmm2, next = row == 0 ? zmm1 : zmm3;
                _code.vmovdqu32(next, __zmmword_ptr[r8 + offset]);
                _code.vpandd(first, next, zmm5);
                _code.vpsrld(next, next, 4);
                _code.vpandd(next, next, zmm5);
            }
            else
            {
                _code.vmovdqu32(row == 0 ? zmm0 : zmm1, __zmmword_ptr[r8 + offset]);
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
        for (int column = 0; column < _columns; column++)
        {
            int offset = column * _groupSize + word * 4;
            _code.vpbroadcastd(zmm4, __dword_ptr[r9 + offset]);
            _code.vpdpbusd(Sum(column, 0), first, zmm4);
            _code.vpdpbusd(Sum(column, 1), second, zmm4);
        }
    }

    // sum = fma(integer sum, scale of the weights * scale of x, sum).
    private void WriteScaling()
    {
        for (int row = 0; row < Vectors; row++)
        {
            AssemblerRegisterZMM scale = row == 0 ? zmm0 : zmm1;
            _code.vpmovzxwd(scale, __ymmword_ptr[r11 + row * VectorBytes / 2]);
            _code.vpslld(scale, scale, 16);
        }
        for (int column = 0; column < _columns; column++)
        {
            _code.vbroadcastss(zmm2, __dword_ptr[r10 + column * 8]);
            for (int row = 0; row < Vectors; row++)
            {
                AssemblerRegisterZMM sum = Sum(column, row);
                _code.vmulps(zmm3, row == 0 ? zmm0 : zmm1, zmm2);
                _code.vcvtdq2ps(sum, sum);
                _code.vfmadd213ps(sum, zmm3, Kept32(column, row));
                _code.vmovaps(Kept32(column, row), sum);
            }
        }
    }

    private static AssemblerRegisterZMM Sum(int column, int row) => Sums[column * Vectors + row];

    private static AssemblerMemoryOperand Kept32(int column, int row) => __zmmword_ptr[rsp + (column * Vectors + row) * VectorBytes];

    private static AssemblerMemoryOperand Field(string name) => __qword_ptr[rbp + (int)Marshal.OffsetOf<GroupedProduct>(name)];
}
