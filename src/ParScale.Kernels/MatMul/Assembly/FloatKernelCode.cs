using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace ParScale.Kernels.MatMul.Assembly;

/// <summary>
/// Writes the machine code of tiles of three outputs times three or four rows of x in float32, for AVX2 with FMA. The one argument is a
/// <see cref="FloatTileArgs"/>. Sums, weights and x of half the lanes fill all sixteen registers, so a tile takes two passes; the C# form of
/// the same loop has to put some of them into memory.
/// </summary>
internal sealed class FloatKernelCode
{
    // Outputs of a tile, and bytes of the lanes of one sum, of which a pass takes half.
    private const int Outputs = 3, LaneBytes = 64, HalfBytes = 32;

    public static readonly string Exp = Environment.GetEnvironmentVariable("EXP") ?? "";
    private const int X = 15, Weights = 12;

    private readonly VectorAssembler _code = new(VectorInstructions.Avx2);
    private readonly Assembler _general;
    private readonly bool _packed;
    private readonly int _rows, _fetches;

    private FloatKernelCode(bool packed, int rows, int fetches)
    {
        _general = _code.General;
        (_packed, _rows, _fetches) = (packed, rows, fetches);
    }

    private int ChunkBytes => _packed ? LaneBytes : 2 * LaneBytes;

    /// <summary>The code for 3 or 4 rows. Packed: bf16 instead of f32. Fetches: fetches from memory that a pass does for each chunk of 32 values.</summary>
    public static byte[] Write(bool packed, int rows, int fetches)
    {
        var kernel = new FloatKernelCode(packed, rows, fetches);
        kernel.WriteAll();
        return kernel._code.Assemble();
    }

    // rbp arguments, rbx, rsi and rdi the ends of three rows of weights, rdx from a tile to the next, r9 sums, r10 what is fetched and r11 its
    // step, r12 tiles left.
    private void WriteAll()
    {
        _code.Enter(LaneBytes);
        _general.mov(__dword_ptr[rsp], unchecked((int)0xFFFF0000));
        _code.Broadcast32(X, VectorAssembler.At(rsp, 0));
        _code.Store(VectorAssembler.At(rsp, 0), X);
        _general.mov(rbx, Field(nameof(FloatTileArgs.Weights0)));
        _general.mov(rsi, Field(nameof(FloatTileArgs.Weights1)));
        _general.mov(rdi, Field(nameof(FloatTileArgs.Weights2)));
        _general.mov(rax, Field(nameof(FloatTileArgs.Bytes)));
        _general.add(rbx, rax);
        _general.add(rsi, rax);
        _general.add(rdi, rax);
        _general.mov(rdx, Field(nameof(FloatTileArgs.TileBytes)));
        _general.mov(r9, Field(nameof(FloatTileArgs.Sums)));
        _general.mov(r10, Field(nameof(FloatTileArgs.Fetch)));
        _general.mov(r11, Field(nameof(FloatTileArgs.FetchStep)));
        _general.mov(r12, Field(nameof(FloatTileArgs.Tiles)));
        Label tile = _general.CreateLabel();
        _general.Label(ref tile);
        _general.mov(rcx, rdx);
        _general.cmp(r12, 1);
        _general.cmove(rcx, Field(nameof(FloatTileArgs.LastNear)));
        _general.lea(r13, __[rbx + rcx]);
        _general.lea(r14, __[rsi + rcx]);
        _general.lea(r15, __[rdi + rcx]);
        WritePass(0);
        WritePass(HalfBytes);
        _general.add(rbx, rdx);
        _general.add(rsi, rdx);
        _general.add(rdi, rdx);
        _general.add(r9, _rows * Outputs * LaneBytes);
        _general.dec(r12);
        _general.jne(tile);
        _code.Leave(LaneBytes);
    }

    // r8 x, rax minus the bytes of weights left.
    private void WritePass(int lanes)
    {
        _general.mov(r8, Field(nameof(FloatTileArgs.X)));
        _general.mov(rax, Field(nameof(FloatTileArgs.Bytes)));
        _general.neg(rax);
        Label carried = _general.CreateLabel(), chunk = _general.CreateLabel();
        _general.cmp(Field(nameof(FloatTileArgs.Carried)), 0);
        _general.jne(carried);
        for (int sum = 0; sum < _rows * Outputs; sum++) _code.Clear(sum);
        _general.jmp(chunk);
        _general.Label(ref carried);
        for (int sum = 0; sum < _rows * Outputs; sum++) _code.Load(sum, VectorAssembler.At(r9, sum * LaneBytes + lanes));
        _general.Label(ref chunk);
        for (int i = 0; i < (Exp.Contains("nofar") ? 0 : _fetches); i++)
        {
            _general.prefetcht1(__byte_ptr[r10]);
            _general.add(r10, r11);
        }
        WriteNearFetches(second: lanes != 0);
        for (int vector = 0; vector < 2; vector++)
        {
            WriteWeights(lanes, second: vector == 1);
            for (int row = 0; row < _rows; row++)
            {
                _code.Load(X, VectorAssembler.At(r8, (vector * _rows + row) * LaneBytes + lanes));
                for (int output = 0; output < Outputs; output++)
                    _code.Write(Code.VEX_Vfmadd231ps_ymm_ymm_ymmm256, row * Outputs + output, X, Weights + output);
            }
        }
        _general.add(r8, 2 * _rows * LaneBytes);
        _general.add(rax, ChunkBytes);
        _general.jne(chunk);
        for (int sum = 0; sum < _rows * Outputs; sum++) _code.Store(VectorAssembler.At(r9, sum * LaneBytes + lanes), sum);
    }

    // The next tile's weights come into the first-level cache, half of them in each pass.
    private void WriteNearFetches(bool second)
    {
        if (Exp.Contains("nonear")) return;
        AssemblerRegister64[] next = [r13, r14, r15];
        for (int output = 0; output < Outputs; output++)
        {
            if (!_packed) _general.prefetcht0(__byte_ptr[next[output] + rax + (second ? LaneBytes : 0)]);
            else if (second == (output == 2)) _general.prefetcht0(__byte_ptr[next[output] + rax]);
        }
    }

    // Half the lanes of a pair's first or second vector. In bf16 these are the lower and the upper halves of 32 bits.
    private void WriteWeights(int lanes, bool second)
    {
        AssemblerRegister64[] rows = [rbx, rsi, rdi];
        if (_packed && second) _code.Load(X, VectorAssembler.At(rsp, 0));
        for (int output = 0; output < Outputs; output++)
        {
            int to = Weights + output;
            var from = new MemoryOperand(rows[output], rax, 1, lanes + (second && !_packed ? LaneBytes : 0), 1);
            if (_packed && second)
            {
                _code.Write(Code.VEX_Vpand_ymm_ymm_ymmm256, to, X, from);
                continue;
            }
            _code.Load(to, from);
            if (_packed) _code.Shift32Left(to, to, 16);
        }
    }

    private static AssemblerMemoryOperand Field(string name) => __qword_ptr[rbp + (int)Marshal.OffsetOf<FloatTileArgs>(name)];
}
