using System.Runtime.InteropServices;
using Iced.Intel;
using ParScale.Kernels.Formats;
using static Iced.Intel.AssemblerRegisters;

namespace ParScale.Kernels.MatMul.Assembly;

/// <summary>
/// Writes the machine code of float products in 256-bit vectors: tiles of three outputs times three or four rows of x. The one argument is a
/// <see cref="FloatTileArgs"/>. Twelve sums of half the lanes, three vectors of weights and one of x fill all sixteen registers, so a tile
/// takes two passes along k. The C# form of the same loop keeps more alive at a time and moves sums to memory and back.
/// </summary>
internal sealed class FloatTileCode
{
    private const int Outputs = 3;

    // All lanes of one sum, a cache line; a pass takes half of them.
    private const int LaneBytes = 64, HalfBytes = 32;

    private const int Weights = 12, X = 15;

    // On the stack: the upper half of every 32 bits.
    private const int StackBytes = HalfBytes;

    private static readonly AssemblerRegister64[] Rows = [rbx, rsi, rdi], NextRows = [r13, r14, r15];

    private readonly VectorAssembler _code = new(VectorInstructions.Avx2);
    private readonly Assembler _general;
    private readonly bool _halves;
    private readonly int _rows, _fetches;

    private FloatTileCode(WeightDtype type, int rows, int fetches)
    {
        _general = _code.General;
        (_halves, _rows, _fetches) = (WeightFormats.BytesPerValue(type) == sizeof(ushort), rows, fetches);
    }

    // Bytes of 32 values in a row of weights.
    private int ChunkBytes => _halves ? LaneBytes : 2 * LaneBytes;

    private int Sums => _rows * Outputs;

    /// <summary>The code for 3 or 4 rows that asks <paramref name="fetches"/> times for memory per 32 values along k.</summary>
    public static byte[] Write(WeightDtype type, int rows, int fetches)
    {
        var tile = new FloatTileCode(type, rows, fetches);
        tile.WriteAll();
        return tile._code.Assemble();
    }

    // rbp arguments; rbx, rsi, rdi the ends of three rows of weights and rdx the way to the next tile's; r9 sums; r10 what is fetched from
    // memory and r11 its step; r12 tiles left.
    private void WriteAll()
    {
        _code.Enter(StackBytes);
        if (_halves)
        {
            _general.mov(__dword_ptr[rsp], unchecked((int)0xFFFF0000));
            _code.Broadcast32(X, VectorAssembler.At(rsp, 0));
            _code.Store(VectorAssembler.At(rsp, 0), X);
        }
        _general.mov(rbx, Field(nameof(FloatTileArgs.Weights0)));
        _general.mov(rsi, Field(nameof(FloatTileArgs.Weights1)));
        _general.mov(rdi, Field(nameof(FloatTileArgs.Weights2)));
        foreach (AssemblerRegister64 row in Rows) _general.add(row, Field(nameof(FloatTileArgs.Bytes)));
        _general.mov(rdx, Field(nameof(FloatTileArgs.TileBytes)));
        _general.mov(r9, Field(nameof(FloatTileArgs.Sums)));
        _general.mov(r10, Field(nameof(FloatTileArgs.Fetch)));
        _general.mov(r11, Field(nameof(FloatTileArgs.FetchStep)));
        _general.mov(r12, Field(nameof(FloatTileArgs.Tiles)));
        Label tile = _general.CreateLabel();
        _general.Label(ref tile);
        WriteNext();
        WritePass(second: false);
        WritePass(second: true);
        foreach (AssemblerRegister64 row in Rows) _general.add(row, rdx);
        _general.add(r9, Sums * LaneBytes);
        _general.dec(r12);
        _general.jne(tile);
        _general.mov(Field(nameof(FloatTileArgs.Fetch)), r10);
        _code.Leave(StackBytes);
    }

    // Where the weights begin that are used after this tile.
    private void WriteNext()
    {
        _general.mov(rcx, rdx);
        _general.cmp(r12, 1);
        _general.cmove(rcx, Field(nameof(FloatTileArgs.LastNext)));
        for (int output = 0; output < Outputs; output++) _general.lea(NextRows[output], __[Rows[output] + rcx]);
    }

    // r8 x; rax minus the bytes of a row that are left.
    private void WritePass(bool second)
    {
        int lanes = second ? HalfBytes : 0;
        _general.mov(r8, Field(nameof(FloatTileArgs.X)));
        _general.mov(rax, Field(nameof(FloatTileArgs.Bytes)));
        _general.neg(rax);
        WriteStart(lanes);
        Label chunk = _general.CreateLabel();
        _general.Label(ref chunk);
        WriteFetches(second);
        for (int vector = 0; vector < 2; vector++)
        {
            WriteWeights(lanes, vector);
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
        for (int sum = 0; sum < Sums; sum++) _code.Store(VectorAssembler.At(r9, sum * LaneBytes + lanes), sum);
    }

    // Sums start from what the part before left, or from zero.
    private void WriteStart(int lanes)
    {
        Label zero = _general.CreateLabel(), end = _general.CreateLabel();
        _general.cmp(Field(nameof(FloatTileArgs.Carried)), 0);
        _general.je(zero);
        for (int sum = 0; sum < Sums; sum++) _code.Load(sum, VectorAssembler.At(r9, sum * LaneBytes + lanes));
        _general.jmp(end);
        _general.Label(ref zero);
        for (int sum = 0; sum < Sums; sum++) _code.Clear(sum);
        _general.Label(ref end);
        // A label needs an instruction of its own.
        _general.nop();
    }

    // From memory into the second-level cache, and the weights that are used next from there into the first; each pass does half of it.
    private void WriteFetches(bool second)
    {
        for (int i = second ? 1 : 0; i < _fetches; i += 2)
        {
            _general.prefetcht1(__byte_ptr[r10]);
            _general.add(r10, r11);
        }
        for (int output = 0; output < Outputs; output++)
        {
            if (!_halves) _general.prefetcht0(__byte_ptr[NextRows[output] + rax + (second ? LaneBytes : 0)]);
            else if (second == (output == Outputs - 1)) _general.prefetcht0(__byte_ptr[NextRows[output] + rax]);
        }
    }

    // Half the lanes of a pair's first or second vector; in bf16 these are the lower and the upper halves of 32 bits.
    private void WriteWeights(int lanes, int vector)
    {
        bool upper = _halves && vector == 1;
        if (upper) _code.Load(X, VectorAssembler.At(rsp, 0));
        for (int output = 0; output < Outputs; output++)
        {
            int to = Weights + output;
            var from = new MemoryOperand(Rows[output], rax, 1, lanes + (_halves ? 0 : vector * LaneBytes), 1);
            if (upper) _code.Write(Code.VEX_Vpand_ymm_ymm_ymmm256, to, X, from);
            else _code.Load(to, from);
            if (_halves && !upper) _code.Shift32Left(to, to, 16);
        }
    }

    private static AssemblerMemoryOperand Field(string name) => __qword_ptr[rbp + (int)Marshal.OffsetOf<FloatTileArgs>(name)];
}
