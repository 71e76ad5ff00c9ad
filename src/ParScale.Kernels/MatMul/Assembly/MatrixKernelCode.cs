using System.Runtime.InteropServices;
using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul.Tiers;

namespace ParScale.Kernels.MatMul.Assembly;

/// <summary>
/// Writes the machine code of one block-quantized product for Arm's matrix instructions (i8mm): tiles of 32 outputs times a fixed number of
/// rows. The one argument is a <see cref="QuantizedMatMulArgs"/>, x lies in <see cref="ActivationLayout.RowPairs"/>. <c>usmmla</c> multiplies
/// two rows of weights with two of x, eight values each; two vectors of a tile, zipped, are two such pairs of weights. Codes stay unsigned,
/// and sums start where their offset is undone. A pass takes all rows and as many outputs as sixteen registers hold sums for; the registers of
/// vectors that a caller keeps, 8 to 15, are left alone.
/// </summary>
internal sealed class MatrixKernelCode
{
    // Steps of the inner loop written out one after another, and values of a step.
    private const int Unroll = 4, StepValues = 8;

    // Four outputs are a vector of codes, and of floats.
    private const int TileQuads = QuantizedLayout.TileRows / 4, VectorBytes = 16;

    // General registers: the argument, then what goes on per tile, per group and per step.
    private const int Args = 0, TileWeights = 1, TileScales = 2, Tiles = 3, Y = 4;
    private const int Weights = 5, X = 6, XGroups = 7, Scales = 8, Groups = 9;
    private const int StepWeights = 10, StepX = 11, StepLoneX = 12, Steps = 13;

    // Vector registers. The first ones hold x of the pairs of rows, later their scales.
    private const int Codes = 4, NextCodes = 5, PairCodes = 6, LowHalves = 7, Sums = 16;

    private readonly Arm64Assembler _code = new();
    private readonly int _rows, _pairs, _passQuads, _groupSize, _stepBytes;
    private readonly bool _nibbles;

    private MatrixKernelCode(WeightDtype type, int rows)
    {
        QuantizedNumbers numbers = WeightFormats.Numbers(type);
        _nibbles = numbers.ValuesPerByte == 2;
        _groupSize = numbers.GroupSize;
        _stepBytes = StepValues * QuantizedLayout.TileRows / numbers.ValuesPerByte;
        _rows = rows;
        _pairs = (rows + 1) / 2;
        _passQuads = _pairs switch { 1 => 8, 2 => 4, _ => 2 };
    }

    private int FloatBytes => _rows * QuantizedLayout.TileRows * sizeof(float);

    /// <summary>The code for 1 to 8 rows.</summary>
    public static byte[] Write(WeightDtype type, int rows)
    {
        var kernel = new MatrixKernelCode(type, rows);
        kernel.WriteAll();
        return kernel._code.Assemble();
    }

    private void WriteAll()
    {
        _code.SubNumber(Arm64Assembler.StackPointer, Arm64Assembler.StackPointer, FloatBytes);
        if (_nibbles) _code.Movi16B(LowHalves, 15);
        LoadField(TileWeights, nameof(QuantizedMatMulArgs.Weights));
        LoadField(TileScales, nameof(QuantizedMatMulArgs.Scales));
        LoadField(Tiles, nameof(QuantizedMatMulArgs.Tiles));
        LoadField(Y, nameof(QuantizedMatMulArgs.Y));
        int tile = _code.Here;
        WriteTile();
        LoadField(Steps, nameof(QuantizedMatMulArgs.WeightStride));
        _code.Add(TileWeights, TileWeights, Steps);
        LoadField(Steps, nameof(QuantizedMatMulArgs.ScaleStride));
        _code.Add(TileScales, TileScales, Steps);
        _code.AddNumber(Y, Y, QuantizedLayout.TileRows * sizeof(float));
        Repeat(tile, Tiles);
        _code.AddNumber(Arm64Assembler.StackPointer, Arm64Assembler.StackPointer, FloatBytes);
        _code.Ret();
    }

    // All groups of a tile; float sums [rows, 32] on the stack.
    private void WriteTile()
    {
        _code.Movi16B(Codes, 0);
        for (int at = 0; at < FloatBytes; at += VectorBytes) _code.StrQ(Codes, Arm64Assembler.StackPointer, at);
        _code.Mov(Weights, TileWeights);
        _code.Mov(Scales, TileScales);
        LoadField(X, nameof(QuantizedMatMulArgs.X));
        LoadField(XGroups, nameof(QuantizedMatMulArgs.XGroups));
        LoadField(Groups, nameof(QuantizedMatMulArgs.Groups));
        int group = _code.Here;
        for (int quad = 0; quad < TileQuads; quad += _passQuads) WritePass(quad);
        _code.AddNumber(Weights, Weights, _groupSize / StepValues * _stepBytes);
        _code.AddNumber(X, X, _rows * _groupSize);
        _code.AddNumber(XGroups, XGroups, _rows * Marshal.SizeOf<ActivationGroup>());
        _code.AddNumber(Scales, Scales, QuantizedLayout.TileRows * sizeof(ushort));
        Repeat(group, Groups);

        _code.Mov(Weights, Y);
        LoadField(Steps, nameof(QuantizedMatMulArgs.YStride));
        for (int row = 0; row < _rows; row++)
        {
            for (int quad = 0; quad < TileQuads; quad++)
            {
                _code.LdrQ(Codes, Arm64Assembler.StackPointer, FloatSum(row, quad));
                _code.StrQ(Codes, Weights, quad * VectorBytes);
            }
            _code.Add(Weights, Weights, Steps);
        }
    }

    // One pass over a group: integer sums in registers, then the scales.
    private void WritePass(int firstQuad)
    {
        _code.AddNumber(StepWeights, Weights, firstQuad * VectorBytes);
        _code.Mov(StepX, X);
        if (HasLoneRow) _code.AddNumber(StepLoneX, X, (_rows - 1) * _groupSize);
        for (int pair = 0; pair < _pairs; pair++)
        {
            LoadXGroups(pair);
            for (int quad = 0; quad < _passQuads; quad++)
                for (int half = 0; half < 2; half++) _code.Uzp2(Sum(quad, pair, half), pair, pair);
        }
        _code.MovZ(Steps, _groupSize / StepValues / Unroll);
        int loop = _code.Here;
        for (int step = 0; step < Unroll; step++) WriteStep(step);
        _code.AddNumber(StepWeights, StepWeights, Unroll * _stepBytes);
        _code.AddNumber(StepX, StepX, Unroll * 2 * StepValues);
        if (HasLoneRow) _code.AddNumber(StepLoneX, StepLoneX, Unroll * StepValues);
        Repeat(loop, Steps);
        WriteScaling(firstQuad);
    }

    // Eight values of all rows and of the pass's outputs. A lone row is a pair with zeros.
    private void WriteStep(int step)
    {
        for (int pair = 0; pair < _pairs; pair++)
        {
            if (IsLone(pair)) _code.LdrD(pair, StepLoneX, step * StepValues);
            else _code.LdrQ(pair, StepX, 2 * pair * _groupSize + 2 * step * StepValues);
        }
        for (int quad = 0; quad < _passQuads; quad++)
        {
            WriteCodes(step * _stepBytes + quad * VectorBytes);
            _code.Zip1(PairCodes, Codes, NextCodes);
            _code.Zip2(NextCodes, Codes, NextCodes);
            for (int pair = 0; pair < _pairs; pair++)
            {
                _code.Usmmla(Sum(quad, pair, 0), PairCodes, pair);
                _code.Usmmla(Sum(quad, pair, 1), NextCodes, pair);
            }
        }
    }

    // Four values of four outputs, and the next four.
    private void WriteCodes(int offset)
    {
        if (_nibbles)
        {
            _code.LdrQ(NextCodes, StepWeights, offset);
            _code.And16B(Codes, NextCodes, LowHalves);
            _code.UShr16BBy4(NextCodes, NextCodes);
        }
        else
        {
            _code.LdrQ(Codes, StepWeights, offset);
            _code.LdrQ(NextCodes, StepWeights, offset + QuantizedLayout.StepBytes);
        }
    }

    // sum = fma(integer sum, scale of the weights * scale of x, sum). Lanes of the integer sums alternate between the rows of a pair.
    private void WriteScaling(int firstQuad)
    {
        const int first = NextCodes, scale = Codes;
        for (int pair = 0; pair < _pairs; pair++) LoadXGroups(pair);
        for (int quad = 0; quad < _passQuads; quad++)
        {
            _code.LdrD(scale, Scales, (firstQuad + quad) * 4 * sizeof(ushort));
            _code.Shll16(scale, scale);
            for (int pair = 0; pair < _pairs; pair++)
            {
                int free = Sum(quad, pair, 0), second = Sum(quad, pair, 1);
                _code.Uzp1(first, free, second);
                if (!IsLone(pair)) _code.Uzp2(second, free, second);
                WriteRow(first, scale, pair, 0, FloatSum(2 * pair, firstQuad + quad), free);
                if (!IsLone(pair)) WriteRow(second, scale, pair, 1, FloatSum(2 * pair + 1, firstQuad + quad), free);
            }
        }
    }

    private void WriteRow(int sum, int scale, int pair, int row, int place, int total)
    {
        _code.Scvtf(sum, sum);
        _code.FmulByLane(PairCodes, scale, pair, 2 * row);
        _code.LdrQ(total, Arm64Assembler.StackPointer, place);
        _code.Fmla(total, sum, PairCodes);
        _code.StrQ(total, Arm64Assembler.StackPointer, place);
    }

    // Lanes: scale, start of a pair's first row, scale, start of its second.
    private void LoadXGroups(int pair)
    {
        int offset = 2 * pair * Marshal.SizeOf<ActivationGroup>();
        if (IsLone(pair)) _code.LdrD(pair, XGroups, offset);
        else _code.LdrQ(pair, XGroups, offset);
    }

    private void Repeat(int place, int counter)
    {
        _code.SubsNumber(counter, counter, 1);
        _code.BNe(place);
    }

    private void LoadField(int to, string name) => _code.Ldr(to, Args, (int)Marshal.OffsetOf<QuantizedMatMulArgs>(name));

    private bool HasLoneRow => _rows % 2 == 1;

    private bool IsLone(int pair) => 2 * pair + 1 == _rows;

    // The first half holds outputs 0 and 1 of a quad, the second 2 and 3.
    private int Sum(int quad, int pair, int half) => Sums + (quad * _pairs + pair) * 2 + half;

    private static int FloatSum(int row, int quad) => row * QuantizedLayout.TileRows * sizeof(float) + quad * VectorBytes;
}
