using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace ParScale.Kernels.MatMul.Assembly;

/// <content>One pass over a group. Registers: sums [vectors, rows], then weights and activations, then whatever is only passed through.</content>
internal sealed partial class QuantizedKernelCode
{
    // Bytes of a cache line.
    private const int LineBytes = 64;

    // Words of four bytes of x (of two 16-bit numbers when widened) that a step takes from a row, and how they lie.
    private int Words => _nibbles || _form == ProductForm.WordPairs ? 2 : 1;

    private int XRowBytes => _form == ProductForm.WordPairs ? 2 * _groupSize : _groupSize;

    private int XWordBytes => _form == ProductForm.WordPairs ? _groupSize : 4;

    private int XStepBytes => _form == ProductForm.WordPairs ? 4 : 4 * Words;

    private int RowPasses => (_rows + _passRows - 1) / _passRows;

    private int Passes => TileVectors / _passVectors * RowPasses;

    // r12 weights, rdi x, ecx loops left.
    private void WritePass(int firstVector, int firstRow, int rows)
    {
        // Sixteen-bit sums hold four steps; all else fits a whole group.
        int blocks = _form == ProductForm.BytePairs ? _steps / Unroll : 1, loops = _steps / Unroll / blocks;
        _general.mov(r12, r8);
        _general.mov(rdi, r9);
        WriteXPrefetch(firstVector / _passVectors * RowPasses + firstRow / _passRows);
        if (_form != ProductForm.BytePairs)
            for (int row = 0; row < rows; row++)
                for (int vector = 0; vector < _passVectors; vector++) _code.Broadcast32(Sum(vector, row, rows), Start(firstRow + row));
        for (int block = 0; block < blocks; block++)
        {
            Label loop = _general.CreateLabel();
            if (loops > 1)
            {
                _general.mov(ecx, loops);
                _general.Label(ref loop);
            }
            for (int step = 0; step < Unroll; step++)
            {
                WritePrefetch(step);
                if (_passVectors == 4) WriteTallStep(step, firstRow, rows);
                else WriteStep(step, firstVector, firstRow, rows);
            }
            _general.add(r12, Unroll * StepBytes);
            _general.add(rdi, Unroll * XStepBytes);
            if (loops > 1)
            {
                _general.dec(ecx);
                _general.jne(loop);
            }
            if (_form == ProductForm.BytePairs) WriteWidening(firstRow, rows, first: block == 0, last: block == blocks - 1);
        }
        WriteScaling(firstVector, firstRow, rows);
    }

    // The passes of a group together ask for the x of the next group. It comes from a farther cache when K is large or the rows are
    // those of a prompt, in an order that the processor does not foresee. Where a group is one pass of plain bytes it does not help.
    private void WriteXPrefetch(int pass)
    {
        if (_form == ProductForm.Dot) return;
        int lines = _rows * XRowBytes / LineBytes;
        for (int line = lines * pass / Passes; line < lines * (pass + 1) / Passes; line++)
            _general.prefetcht0(__byte_ptr[r9 + _rows * XRowBytes + line * LineBytes]);
    }

    // The passes of a group together ask for as many weights as it has, each in some of its steps.
    private void WritePrefetch(int step)
    {
        if (step % Passes != 0) return;
        for (int line = 0; line < StepBytes; line += LineBytes) _general.prefetcht0(__byte_ptr[rdx + line]);
        _general.add(rdx, r13);
    }

    // The weights of a step stay in registers while the rows pass.
    private void WriteStep(int step, int firstVector, int firstRow, int rows)
    {
        int weights = _passVectors * rows, x = weights + _passVectors * Words;
        for (int vector = 0; vector < _passVectors; vector++) WriteWeights(step, firstVector + vector, weights + vector * Words);
        for (int word = 0; word < Words; word++)
        {
            for (int row = 0; row < rows; row++)
            {
                _code.Broadcast32(x, X(step, firstRow + row, word));
                for (int vector = 0; vector < _passVectors; vector++)
                {
                    // The last product may take the place of x.
                    int product = vector == _passVectors - 1 ? x : x + 1;
                    WriteProduct(Sum(vector, row, rows), weights + vector * Words + word, x, product, fresh: step == 0 && word == 0);
                }
            }
        }
    }

    // One or two rows stay in registers while the weights pass.
    private void WriteTallStep(int step, int firstRow, int rows)
    {
        int x = _passVectors * rows, weights = x + rows * Words, product = weights + Words;
        for (int row = 0; row < rows; row++)
            for (int word = 0; word < Words; word++) _code.Broadcast32(x + row * Words + word, X(step, firstRow + row, word));
        for (int vector = 0; vector < _passVectors; vector++)
        {
            WriteWeights(step, vector, weights);
            for (int row = 0; row < rows; row++)
                for (int word = 0; word < Words; word++)
                    WriteProduct(Sum(vector, row, rows), weights + word, x + row * Words + word, product, fresh: step == 0 && word == 0);
        }
    }

    // Loads the codes of a vector of outputs and unpacks them into one register per word of x.
    private void WriteWeights(int step, int vector, int to)
    {
        int last = to + Words - 1;
        _code.Load(last, VectorAssembler.At(r12, step * StepBytes + vector * _vectorBytes));
        if (Words == 1) return;
        _code.And(to, last, _mask);
        if (_nibbles)
        {
            _code.Shift32Right(last, last, 4);
            _code.And(last, last, _mask);
        }
        else
        {
            _code.WriteWithNumber(Code.VEX_Vpsrlw_ymm_ymm_imm8, last, last, 8);
        }
    }

    // fresh: the sum holds nothing yet.
    private void WriteProduct(int sum, int weights, int x, int product, bool fresh)
    {
        switch (_form)
        {
            case ProductForm.Dot:
                _code.Dot(sum, weights, x);
                break;
            case ProductForm.WordPairs:
                _code.Write(Code.VEX_Vpmaddwd_ymm_ymm_ymmm256, product, weights, x);
                _code.Write(Code.VEX_Vpaddd_ymm_ymm_ymmm256, sum, sum, product);
                break;
            case ProductForm.BytePairs when fresh:
                _code.Write(Code.VEX_Vpmaddubsw_ymm_ymm_ymmm256, sum, weights, x);
                break;
            default:
                _code.Write(Code.VEX_Vpmaddubsw_ymm_ymm_ymmm256, product, weights, x);
                _code.Write(Code.VEX_Vpaddw_ymm_ymm_ymmm256, sum, sum, product);
                break;
        }
    }

    // Sixteen-bit sums become 32-bit ones, which wait on the stack until the group is complete.
    private void WriteWidening(int firstRow, int rows, bool first, bool last)
    {
        int start = _passVectors * rows;
        for (int row = 0; row < rows; row++)
        {
            if (first) _code.Broadcast32(start, Start(firstRow + row));
            for (int vector = 0; vector < _passVectors; vector++)
            {
                int sum = Sum(vector, row, rows);
                MemoryOperand place = VectorAssembler.At(rsp, _parts + sum * _vectorBytes);
                _code.Write(Code.VEX_Vpmaddwd_ymm_ymm_ymmm256, sum, sum, VectorAssembler.At(rsp, _ones));
                if (first) _code.Write(Code.VEX_Vpaddd_ymm_ymm_ymmm256, sum, sum, start);
                else _code.Write(Code.VEX_Vpaddd_ymm_ymm_ymmm256, sum, sum, place);
                if (!last) _code.Store(place, sum);
            }
        }
    }

    // sum = fma(integer sum, scale of the weights * scale of x, sum).
    private void WriteScaling(int firstVector, int firstRow, int rows)
    {
        int scale = _passVectors * rows, x = scale + _passVectors, factor = x + 1;
        for (int vector = 0; vector < _passVectors; vector++)
        {
            _code.Widen16(scale + vector, VectorAssembler.At(r11, (firstVector + vector) * _vectorBytes / 2));
            _code.Shift32Left(scale + vector, scale + vector, 16);
        }
        for (int row = 0; row < rows; row++)
        {
            _code.Broadcast32(x, VectorAssembler.At(r10, (firstRow + row) * 8));
            for (int vector = 0; vector < _passVectors; vector++)
            {
                int sum = Sum(vector, row, rows);
                MemoryOperand place = FloatSum(firstRow + row, firstVector + vector);
                _code.Multiply(factor, scale + vector, x);
                _code.ToFloat(sum, sum);
                _code.MultiplyAdd(sum, factor, place);
                _code.Store(place, sum);
            }
        }
    }

    private static int Sum(int vector, int row, int rows) => vector * rows + row;

    private static MemoryOperand Start(int row) => VectorAssembler.At(r10, row * 8 + 4);

    private MemoryOperand X(int step, int row, int word) => VectorAssembler.At(rdi, row * XRowBytes + word * XWordBytes + step * XStepBytes);
}
