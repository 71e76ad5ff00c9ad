using System.Runtime.InteropServices;
using Iced.Intel;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Tiers;
using static Iced.Intel.AssemblerRegisters;

namespace ParScale.Kernels.Assembly;

/// <summary>
/// Writes the machine code of one grouped product: one or two tiles of sixteen rows times a fixed number of columns, with
/// 512-bit <c>vpdpbusd</c>, which .NET has no intrinsic for. The one argument is a <see cref="GroupedProduct"/>; only
/// zmm0-5 and zmm16-31 are used, which no calling convention asks to keep.
/// </summary>
internal sealed class GroupedKernelCode
{
    private const int VectorBytes = 64;

    // How far ahead of its use a cache line of weights is asked for; 1 to 4 KB measured alike, less was slower.
    private const int PrefetchAhead = 2048;

    // Steps of the inner loop written out one after another.
    private const int Unroll = 4;

    private static readonly AssemblerRegisterZMM[] Sums =
    [
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private static readonly AssemblerRegister64[] Kept = [rbx, rbp, rsi, rdi, r12, r13, r14, r15];

    private readonly Assembler _code = new(64);
    private readonly int _rows;
    private readonly int _columns;
    private readonly bool _nibbles;
    private readonly int _groupSize;

    private GroupedKernelCode(WeightType type, int tileRows, int columns)
    {
        (_rows, _columns) = (tileRows, columns);
        _nibbles = type == WeightType.Q4;
        _groupSize = GroupLayout.GroupSize(type);
    }

    /// <summary>The code for <paramref name="tiles"/> (1 or 2) tiles at a time and 1 to 8 columns.</summary>
    public static byte[] Write(WeightType type, int tiles, int columns)
    {
        var kernel = new GroupedKernelCode(type, tiles, columns);
        kernel.WriteAll();
        var bytes = new MemoryStream();
        kernel._code.Assemble(new StreamCodeWriter(bytes), 0);
        return bytes.ToArray();
    }

    // rbp product, rbx and r12 weights and their stride, rsi and r13 scales and theirs, r14 tiles left, r15 and rdi output and its stride.
    private void WriteAll()
    {
        foreach (AssemblerRegister64 register in Kept) _code.push(register);
        _code.mov(rbp, OperatingSystem.IsWindows() ? rcx : rdi);
        int frame = _columns * _rows * VectorBytes;
        _code.mov(rax, rsp);
        _code.sub(rsp, frame + VectorBytes);
        _code.and(rsp, -VectorBytes);
        _code.mov(__[rsp + frame], rax);

        _code.mov(rbx, Field(nameof(GroupedProduct.Weights)));
        _code.mov(r12, Field(nameof(GroupedProduct.WeightStride)));
        _code.mov(rsi, Field(nameof(GroupedProduct.Scales)));
        _code.mov(r13, Field(nameof(GroupedProduct.ScaleStride)));
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
        for (int row = 0; row < _rows; row++)
        {
            _code.add(rbx, r12);
            _code.add(rsi, r13);
        }
        _code.add(r15, _rows * VectorBytes);
        _code.sub(r14, _rows);
        _code.cmp(r14, _rows);
        _code.jge(tile);

        _code.mov(rsp, __[rsp + frame]);
        _code.vzeroupper();
        foreach (AssemblerRegister64 register in Kept.Reverse()) _code.pop(register);
        _code.ret();
    }

    // All groups of one or two tiles. r8 weights, r9 x, r10 groups of x, r11 scales, rax groups left; float sums on the stack.
    private void WriteTile()
    {
        _code.vpxord(zmm0, zmm0, zmm0);
        for (int i = 0; i < _columns * _rows; i++) _code.vmovaps(__zmmword_ptr[rsp + i * VectorBytes], zmm0);
        _code.mov(r8, rbx);
        _code.mov(r9, Field(nameof(GroupedProduct.X)));
        _code.mov(r10, Field(nameof(GroupedProduct.XGroups)));
        _code.mov(r11, rsi);
        _code.mov(rax, Field(nameof(GroupedProduct.Groups)));
        Label group = _code.CreateLabel();
        _code.Label(ref group);
        for (int column = 0; column < _columns; column++)
            for (int row = 0; row < _rows; row++)
                _code.vpbroadcastd(Sum(column, row), __dword_ptr[r10 + column * 8 + 4]);

        int steps = _groupSize / (_nibbles ? 8 : 4);
        _code.mov(ecx, steps / Unroll);
        Label step = _code.CreateLabel();
        _code.Label(ref step);
        for (int i = 0; i < Unroll; i++) WriteStep(i);
        _code.add(r8, Unroll * VectorBytes);
        _code.add(r9, _groupSize / steps * Unroll);
        _code.dec(ecx);
        _code.jne(step);

        WriteScaling();
        if (_columns > 1) _code.add(r9, (_columns - 1) * _groupSize);
        _code.add(r10, _columns * 8);
        _code.add(r11, GroupLayout.TileRows * sizeof(ushort));
        _code.dec(rax);
        _code.jne(group);

        _code.mov(rdx, r15);
        for (int column = 0; column < _columns; column++)
        {
            for (int row = 0; row < _rows; row++)
            {
                _code.vmovaps(zmm0, Kept32(column, row));
                _code.vmovups(__zmmword_ptr[rdx + row * VectorBytes], zmm0);
            }
            _code.add(rdx, rdi);
        }
    }

    // 64 bytes of each tile: four values of sixteen rows, or eight when they are nibbles, times those of every column.
    private void WriteStep(int index)
    {
        for (int row = 0; row < _rows; row++)
        {
            _code.prefetcht0(__byte_ptr[Weights(row) + (index * VectorBytes + PrefetchAhead)]);
            if (_nibbles)
            {
                AssemblerRegisterZMM first = row == 0 ? zmm0 : zmm2, next = row == 0 ? zmm1 : zmm3;
                _code.vmovdqu32(next, __zmmword_ptr[Weights(row) + index * VectorBytes]);
                _code.vpandd(first, next, zmm5);
                _code.vpsrld(next, next, 4);
                _code.vpandd(next, next, zmm5);
            }
            else
            {
                _code.vmovdqu32(row == 0 ? zmm0 : zmm1, __zmmword_ptr[Weights(row) + index * VectorBytes]);
            }
        }
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
            if (_rows == 1)
            {
                _code.vpdpbusd(Sum(column, 0), first, __dword_bcst[r9 + offset]);
                continue;
            }
            _code.vpbroadcastd(zmm4, __dword_ptr[r9 + offset]);
            _code.vpdpbusd(Sum(column, 0), first, zmm4);
            _code.vpdpbusd(Sum(column, 1), second, zmm4);
        }
    }

    // sum = fma(integer sum, scale of the weights * scale of x, sum).
    private void WriteScaling()
    {
        for (int row = 0; row < _rows; row++)
        {
            AssemblerRegisterZMM scale = row == 0 ? zmm0 : zmm1;
            _code.vpmovzxwd(scale, row == 0 ? __ymmword_ptr[r11] : __ymmword_ptr[r11 + r13]);
            _code.vpslld(scale, scale, 16);
        }
        for (int column = 0; column < _columns; column++)
        {
            _code.vbroadcastss(zmm2, __dword_ptr[r10 + column * 8]);
            for (int row = 0; row < _rows; row++)
            {
                AssemblerRegisterZMM sum = Sum(column, row);
                _code.vmulps(zmm3, row == 0 ? zmm0 : zmm1, zmm2);
                _code.vcvtdq2ps(sum, sum);
                _code.vfmadd213ps(sum, zmm3, Kept32(column, row));
                _code.vmovaps(Kept32(column, row), sum);
            }
        }
    }

    private AssemblerRegisterZMM Sum(int column, int row) => Sums[column * _rows + row];

    private AssemblerMemoryOperand Kept32(int column, int row) => __zmmword_ptr[rsp + (column * _rows + row) * VectorBytes];

    private static AssemblerMemoryOperand Weights(int row) => row == 0 ? __[r8] : __[r8 + r12];

    private static AssemblerMemoryOperand Field(string name) => __qword_ptr[rbp + (int)Marshal.OffsetOf<GroupedProduct>(name)];
}
