using System.Runtime.CompilerServices;
using ParScale.Kernels.Formats;
using ParScale.Kernels.Machine;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Vectors;

namespace ParScale.Kernels.MatMul;

/// <summary>
/// Activations [rows, K] rounded to 8 bits, x = scale * code with one scale per group, codes -127 .. 127; scratch
/// memory that grows to the largest use and is then kept. Rows lie in blocks of up to eight, which a kernel takes at
/// once: codes [groups, rows of the block, values of a group] in the layout that the kernel asks for, scales [groups, rows of the block].
/// </summary>
internal sealed unsafe class QuantizedActivations : IDisposable
{
    /// <summary>Rows in a full block.</summary>
    public const int BlockRows = 8;

    private const float Most = 127;
    private const int EightBytes = 8;

    // Fewer values than this are rounded faster by the caller than by handing them over.
    private const int SmallestShare = 16 * 1024;

    private readonly Scratch _codes = new();
    private readonly Scratch _scales = new();
    private sbyte* _code;
    private ActivationGroup* _scale;
    private ActivationLayout _layout;

    private readonly IQuantizedKernel? _fixedKernel;

    /// <summary>For the tier in use, or always for <paramref name="kernel"/>.</summary>
    public QuantizedActivations(IQuantizedKernel? kernel = null)
    {
        _fixedKernel = kernel;
        Kernel = kernel ?? KernelTier.Current;
    }

    /// <summary>The kernel that the codes are laid out for and that multiplies them.</summary>
    public IQuantizedKernel Kernel { get; private set; }

    /// <summary>Rows held.</summary>
    public int Rows { get; private set; }

    /// <summary>Groups of a row.</summary>
    public int Groups { get; private set; }

    // Bytes of the codes of a row, padded with zeros to whole groups.
    private int RowBytes { get; set; }

    /// <summary>Codes of a block. <paramref name="first"/> is its first row, a multiple of <see cref="BlockRows"/>.</summary>
    internal sbyte* Codes(int first) => _code + (long)first * RowBytes;

    /// <summary>Scales and start sums of a block.</summary>
    internal ActivationGroup* Scales(int first) => _scale + (long)first * Groups;

    /// <summary>Rows of the block that begins at <paramref name="first"/>.</summary>
    internal int BlockSize(int first) => Math.Min(BlockRows, Rows - first);

    /// <summary>Rounds x: [rows, K] for weights of a block-quantized type. A row with a value that is not finite becomes NaN.</summary>
    public void Fill(ReadOnlySpan<float> x, int rows, WeightDtype type, WorkerPool pool)
    {
        int length = x.Length / rows, groupSize = QuantizedLayout.GroupSize(type);
        Kernel = _fixedKernel ?? KernelTier.Current;
        _layout = Kernel.Layout(type);
        (Rows, Groups) = (rows, QuantizedLayout.Groups(type, length));
        RowBytes = Groups * GroupBytes(_layout, groupSize);
        _code = (sbyte*)_codes.Take((long)rows * RowBytes);
        _scale = (ActivationGroup*)_scales.Take((long)rows * Groups * sizeof(ActivationGroup));
        int offset = WeightFormats.Numbers(type).Offset;
        fixed (float* values = x) Simd.Run(new Rounding(values, length, groupSize, offset, this, pool));
    }

    /// <summary>Takes some of the rows that another one holds: the same bits as rounding them again.</summary>
    public void Take(QuantizedActivations from, ReadOnlySpan<int> rows, WorkerPool pool)
    {
        if (rows.ContainsAnyExceptInRange(0, from.Rows - 1)) throw new ArgumentException("a row is not held", nameof(rows));
        (Kernel, _layout, Rows, Groups, RowBytes) = (from.Kernel, from._layout, rows.Length, from.Groups, from.RowBytes);
        _code = (sbyte*)_codes.Take((long)Rows * RowBytes);
        _scale = (ActivationGroup*)_scales.Take((long)Rows * Groups * sizeof(ActivationGroup));
        fixed (int* chosen = rows)
        {
            var job = new CopyJob(from, this, chosen);
            pool.Run(ref job, Rows, Math.Max(1, SmallestShare / RowBytes));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _codes.Dispose();
        _scales.Dispose();
    }

    // Where a group of a row stands, counted in groups.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Place(int row, int group, int rows, int groups)
    {
        int first = row / BlockRows * BlockRows, block = Math.Min(BlockRows, rows - first);
        return (long)first * groups + (long)group * block + (row - first);
    }

    // Where the codes of a group of a row begin, and how many bytes it is from eight bytes of them to the next eight.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (long Start, int Step) Eights(int row, long place, int rows, int groupBytes, ActivationLayout layout)
    {
        bool isSecond = row % 2 == 1;
        if (layout != ActivationLayout.RowPairs || (!isSecond && row + 1 == rows)) return (place * groupBytes, EightBytes);
        return (isSecond ? (place - 1) * groupBytes + EightBytes : place * groupBytes, 2 * EightBytes);
    }

    private static int GroupBytes(ActivationLayout layout, int groupSize) =>
        layout == ActivationLayout.WordPairs ? groupSize * sizeof(short) : groupSize;

    // In the vectors of one width.
    private readonly struct Rounding(
        float* x, int length, int groupSize, int offset, QuantizedActivations to, WorkerPool pool) : ISimdKernel
    {
        public void Run<TSimd, TFloat, TInt>() where TSimd : struct, ISimd<TFloat, TInt> where TFloat : struct where TInt : struct
        {
            var job = new Job<TSimd, TFloat, TInt>(x, length, to.Rows, groupSize, to.Groups, offset, to._layout, to._code, to._scale);
            pool.Run(ref job, to.Rows * to.Groups, Math.Max(1, SmallestShare / groupSize));
        }
    }

    // Items are rows.
    private readonly struct CopyJob(QuantizedActivations from, QuantizedActivations to, int* rows) : IRangeJob
    {
        public void Run(int start, int end)
        {
            int bytes = to.RowBytes / to.Groups;
            for (int row = start; row < end; row++)
            {
                for (int group = 0; group < to.Groups; group++)
                {
                    long source = Place(rows[row], group, from.Rows, from.Groups), target = Place(row, group, to.Rows, to.Groups);
                    (long sourceStart, int sourceStep) = Eights(rows[row], source, from.Rows, bytes, from._layout);
                    (long targetStart, int targetStep) = Eights(row, target, to.Rows, bytes, to._layout);
                    for (int eight = 0; eight < bytes / EightBytes; eight++)
                        *(long*)(to._code + targetStart + eight * targetStep) = *(long*)(from._code + sourceStart + eight * sourceStep);
                    to._scale[target] = from._scale[source];
                }
            }
        }
    }

    // Items are groups of values of a row, counted [groups, rows].
    private readonly struct Job<TSimd, TFloat, TInt>(
        float* x, int length, int rows, int groupSize, int groups, int offset, ActivationLayout layout, sbyte* codes, ActivationGroup* scales)
        : IRangeJob
        where TSimd : struct, ISimd<TFloat, TInt>
        where TFloat : struct
        where TInt : struct
    {
        private readonly float* _x = x;
        private readonly int _length = length, _rows = rows, _groupSize = groupSize, _groups = groups, _offset = offset;
        private readonly ActivationLayout _layout = layout;
        private readonly sbyte* _codes = codes;
        private readonly ActivationGroup* _scales = scales;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int start, int end)
        {
            float* padded = stackalloc float[_groupSize];
            sbyte* bytes = stackalloc sbyte[_groupSize];
            int groupBytes = GroupBytes(_layout, _groupSize);
            for (int item = start; item < end; item++)
            {
                int group = item / _rows, row = item % _rows;
                int from = group * _groupSize, count = Math.Min(_groupSize, _length - from);
                float* values = _x + (long)row * _length + from;
                if (count < _groupSize)
                {
                    new Span<float>(padded, _groupSize).Clear();
                    new ReadOnlySpan<float>(values, count).CopyTo(new Span<float>(padded, count));
                    values = padded;
                }
                long place = Place(row, group, _rows, _groups);
                (long at, int step) = Eights(row, place, _rows, groupBytes, _layout);
                sbyte* to = _codes + at;
                _scales[place] = Round(values, _layout == ActivationLayout.Bytes ? to : bytes);
                if (_layout == ActivationLayout.WordPairs) StorePairs(bytes, to);
                else if (_layout == ActivationLayout.RowPairs) StoreEights(bytes, to, step);
            }
        }

        // See ActivationLayout.RowPairs.
        private void StoreEights(sbyte* bytes, sbyte* to, int step)
        {
            for (int k = 0; k < _groupSize; k += EightBytes, to += step) *(long*)to = *(long*)(bytes + k);
        }

        // See ActivationLayout.WordPairs.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void StorePairs(sbyte* bytes, sbyte* to)
        {
            for (int k = 0; k < _groupSize; k += 4 * TSimd.Count)
            {
                TInt codes = TSimd.LoadInt((byte*)bytes + k);
                TSimd.StoreInt(TSimd.EvenBytes(codes), to + k);
                TSimd.StoreInt(TSimd.OddBytes(codes), to + _groupSize + k);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private ActivationGroup Round(float* x, sbyte* codes)
        {
            float largest = Largest(x);
            // NaN and infinity must reach the output: 0 * NaN is NaN whatever the codes are.
            if (!float.IsFinite(largest) || largest < QuantizedLayout.SmallestScale)
            {
                new Span<sbyte>(codes, _groupSize).Clear();
                return new ActivationGroup(float.IsFinite(largest) ? 0 : float.NaN, 0);
            }
            return new ActivationGroup(largest / Most, -_offset * Round(x, Most / largest, codes));
        }

        // The largest magnitude; NaN where there is one. Two chains.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private float Largest(float* x)
        {
            TInt even = default, odd = default;
            for (int k = 0; k < _groupSize; k += 2 * TSimd.Count)
            {
                even = TSimd.MaxInt(even, TSimd.MagnitudeBits(TSimd.Load(x + k)));
                odd = TSimd.MaxInt(odd, TSimd.MagnitudeBits(TSimd.Load(x + k + TSimd.Count)));
            }
            return BitConverter.Int32BitsToSingle(TSimd.MaxAcrossInt(TSimd.MaxInt(even, odd)));
        }

        // Rounds to nearest, ties to even, and returns the sum of the codes.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private int Round(float* x, float inverse, sbyte* codes)
        {
            TFloat factor = TSimd.Broadcast(inverse);
            TInt sum = default;
            for (int k = 0; k < _groupSize; k += 4 * TSimd.Count)
            {
                TInt a = Code(x + k, factor), b = Code(x + k + TSimd.Count, factor);
                TInt c = Code(x + k + 2 * TSimd.Count, factor), d = Code(x + k + 3 * TSimd.Count, factor);
                sum = TSimd.AddInt(sum, TSimd.AddInt(TSimd.AddInt(a, b), TSimd.AddInt(c, d)));
                TSimd.StoreBytes(a, b, c, d, codes + k);
            }
            return TSimd.SumInt(sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static TInt Code(float* x, TFloat factor) => TSimd.RoundToInt(TSimd.Multiply(TSimd.Load(x), factor));
    }
}
