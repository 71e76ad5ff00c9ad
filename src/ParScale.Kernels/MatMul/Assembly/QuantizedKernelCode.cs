using System.Runtime.InteropServices;
using Iced.Intel;
using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul.Tiers;
using static Iced.Intel.AssemblerRegisters;

namespace ParScale.Kernels.MatMul.Assembly;

/// <summary>
/// Writes the machine code of one block-quantized product: tiles of 32 outputs times a fixed number of rows, in the vectors of one
/// <see cref="VectorInstructions"/>. The one argument is a <see cref="QuantizedMatMulArgs"/>. A group of values is multiplied in
/// passes, each of so many outputs and rows as the registers hold sums for; this file has the loops, the other what a pass does.
/// </summary>
internal sealed partial class QuantizedKernelCode
{
    // Steps of the inner loop written out one after another.
    private const int Unroll = 4;

    // Bytes of the weights of one step: four values of 32 outputs, or eight when they are nibbles.
    private const int StepBytes = QuantizedLayout.StepBytes;

    private readonly VectorAssembler _code;
    private readonly Assembler _general;
    private readonly int _vectorBytes, _rows;
    private readonly bool _nibbles;
    private readonly ProductForm _form;
    private readonly int _groupSize, _steps;

    // Outputs, in vectors, and rows of a pass.
    private readonly int _passVectors, _passRows;

    // Places on the stack, from its pointer on: float sums [rows, 32] come first.
    private readonly int _ones, _parts, _stackBytes;

    // The last register holds the bits of one code of several: no pass needs all registers.
    private readonly int _mask;

    private QuantizedKernelCode(VectorInstructions instructions, WeightDtype type, int rows)
    {
        _code = new VectorAssembler(instructions);
        _general = _code.General;
        (_vectorBytes, _rows) = (instructions.Bytes, rows);
        QuantizedNumbers numbers = WeightFormats.Numbers(type);
        _nibbles = numbers.ValuesPerByte == 2;
        _groupSize = numbers.GroupSize;
        _steps = _groupSize / (_nibbles ? 8 : 4);
        _form = instructions.Dot != Code.INVALID ? ProductForm.Dot : _nibbles ? ProductForm.BytePairs : ProductForm.WordPairs;
        (_passVectors, _passRows) = Pass();

        _mask = instructions.Registers - 1;
        _ones = rows * StepBytes;
        _parts = _ones + _vectorBytes;
        _stackBytes = _parts + _passVectors * _passRows * _vectorBytes;
    }

    private int TileVectors => StepBytes / _vectorBytes;

    /// <summary>The code for 1 to 8 rows.</summary>
    public static byte[] Write(VectorInstructions instructions, WeightDtype type, int rows)
    {
        var kernel = new QuantizedKernelCode(instructions, type, rows);
        kernel.WriteAll();
        return kernel._code.Assemble();
    }

    // With few rows a pass takes all outputs, so that memory is read from front to back. With many, a vector of weights should be used
    // as often as possible once it is unpacked: by all rows. Sixteen registers hold eight sums and what leads to them, 32 twice as many.
    private (int Vectors, int Rows) Pass()
    {
        if (TileVectors == 2) return (2, _rows);
        if (_rows <= 2) return (4, _rows);
        if (_rows <= 4) return (2, _rows);
        return _form != ProductForm.WordPairs ? (2, (_rows + 1) / 2) : (1, _rows);
    }

    // rbp arguments, rbx weights and rsi scales of the tile, r14 tiles left, r15 output, rdx and r13 prefetching and its step.
    private void WriteAll()
    {
        _code.Enter(_stackBytes);
        WriteConstant(0, 0x00010001);
        _code.Store(VectorAssembler.At(rsp, _ones), 0);
        WriteConstant(_mask, _nibbles ? 0x0F0F0F0F : 0x00FF00FF);

        _general.mov(rbx, Field(nameof(QuantizedMatMulArgs.Weights)));
        _general.mov(rsi, Field(nameof(QuantizedMatMulArgs.Scales)));
        _general.mov(rdx, Field(nameof(QuantizedMatMulArgs.Prefetch)));
        _general.mov(r13, Field(nameof(QuantizedMatMulArgs.PrefetchStep)));
        _general.mov(r14, Field(nameof(QuantizedMatMulArgs.Tiles)));
        _general.mov(r15, Field(nameof(QuantizedMatMulArgs.Y)));
        Label tile = _general.CreateLabel();
        _general.Label(ref tile);
        WriteTile();
        _general.add(rbx, Field(nameof(QuantizedMatMulArgs.WeightStride)));
        _general.add(rsi, Field(nameof(QuantizedMatMulArgs.ScaleStride)));
        _general.add(r15, StepBytes);
        _general.dec(r14);
        _general.jne(tile);
        _code.Leave(_stackBytes);
    }

    // All groups of a tile. r8 weights, r9 x, r10 groups of x, r11 scales, rax groups left; float sums on the stack.
    private void WriteTile()
    {
        _code.Clear(0);
        for (int at = 0; at < _rows * StepBytes; at += _vectorBytes) _code.Store(VectorAssembler.At(rsp, at), 0);
        _general.mov(r8, rbx);
        _general.mov(r9, Field(nameof(QuantizedMatMulArgs.X)));
        _general.mov(r10, Field(nameof(QuantizedMatMulArgs.XGroups)));
        _general.mov(r11, rsi);
        _general.mov(rax, Field(nameof(QuantizedMatMulArgs.Groups)));
        Label group = _general.CreateLabel();
        _general.Label(ref group);
        for (int vector = 0; vector < TileVectors; vector += _passVectors)
            for (int row = 0; row < _rows; row += _passRows) WritePass(vector, row, Math.Min(_passRows, _rows - row));
        _general.add(r8, _steps * StepBytes);
        _general.add(r9, _rows * XRowBytes);
        _general.add(r10, _rows * 8);
        _general.add(r11, QuantizedLayout.TileRows * sizeof(ushort));
        _general.dec(rax);
        _general.jne(group);

        _general.mov(r8, r15);
        _general.mov(r9, Field(nameof(QuantizedMatMulArgs.YStride)));
        for (int row = 0; row < _rows; row++)
        {
            for (int vector = 0; vector < TileVectors; vector++)
            {
                _code.Load(0, FloatSum(row, vector));
                _code.Store(VectorAssembler.At(r8, vector * _vectorBytes), 0);
            }
            _general.add(r8, r9);
        }
    }

    // The same 32 bits in every lane.
    private void WriteConstant(int register, int value)
    {
        _general.mov(__dword_ptr[rsp], value);
        _code.Broadcast32(register, VectorAssembler.At(rsp, 0));
    }

    private MemoryOperand FloatSum(int row, int vector) => VectorAssembler.At(rsp, row * StepBytes + vector * _vectorBytes);

    private static AssemblerMemoryOperand Field(string name) => __qword_ptr[rbp + (int)Marshal.OffsetOf<QuantizedMatMulArgs>(name)];
}
