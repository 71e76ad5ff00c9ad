using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ParScale.Kernels.Formats;
using ParScale.Kernels.MatMul.Tiers;
using ParScale.Kernels.Memory;
using ParScale.Kernels.Threads;

namespace ParScale.Kernels.MatMul;

/// <summary>
/// Activations [columns, K] rounded to 8 bits, x = scale * level with one scale per group, levels -127 .. 127; scratch
/// memory that grows to the largest use and is then kept. Columns lie in blocks of up to eight, which a kernel takes at
/// once: levels [groups, columns of the block, values of a group], scales [groups, columns of the block].
/// </summary>
internal sealed unsafe class QuantizedColumns : IDisposable
{
    /// <summary>Columns in a full block.</summary>
    public const int BlockColumns = 8;

    private const float Most = 127;

    // Fewer values than this are rounded faster by the caller than by handing them over.
    private const int SmallestShare = 16 * 1024;

    private readonly Scratch _levels = new();
    private readonly Scratch _scales = new();
    private sbyte* _level;
    private ColumnGroup* _scale;

    /// <summary>Columns held.</summary>
    public int Columns { get; private set; }

    /// <summary>Groups of a column.</summary>
    public int Groups { get; private set; }

    /// <summary>Values of a column, padded with zeros to whole groups.</summary>
    public int Length { get; private set; }

    /// <summary>Levels of a block. <paramref name="first"/> is its first column, a multiple of <see cref="BlockColumns"/>.</summary>
    internal sbyte* Levels(int first) => _level + (long)first * Length;

    /// <summary>Scales and start sums of a block.</summary>
    internal ColumnGroup* Scales(int first) => _scale + (long)first * Groups;

    /// <summary>Columns of the block that begins at <paramref name="first"/>.</summary>
    internal int BlockSize(int first) => Math.Min(BlockColumns, Columns - first);

    /// <summary>Rounds x: [columns, K] for weights of a grouped type. A column with a value that is not finite becomes NaN.</summary>
    public void Fill(ReadOnlySpan<float> x, int columns, WeightType type, WorkerPool pool)
    {
        int length = x.Length / columns, groupSize = GroupLayout.GroupSize(type);
        (Columns, Groups) = (columns, GroupLayout.Groups(type, length));
        Length = Groups * groupSize;
        _level = (sbyte*)_levels.Take((long)columns * Length);
        _scale = (ColumnGroup*)_scales.Take((long)columns * Groups * sizeof(ColumnGroup));
        int offset = type == WeightType.Q8 ? Q8.Offset : Q4.Offset;
        fixed (float* values = x)
        {
            var job = new Job(values, length, columns, groupSize, Groups, offset, _level, _scale);
            pool.Run(ref job, columns * Groups, Math.Max(1, SmallestShare / groupSize));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _levels.Dispose();
        _scales.Dispose();
    }

    // Items are groups of columns, counted [groups, columns].
    private readonly struct Job(
        float* x, int length, int columns, int groupSize, int groups, int offset, sbyte* levels, ColumnGroup* scales) : IRangeJob
    {
        private readonly float* _x = x;
        private readonly int _length = length, _columns = columns, _groupSize = groupSize, _groups = groups, _offset = offset;
        private readonly sbyte* _levels = levels;
        private readonly ColumnGroup* _scales = scales;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int start, int end)
        {
            float* padded = stackalloc float[_groupSize];
            int* lanes = stackalloc int[Vector<int>.Count];
            for (int item = start; item < end; item++)
            {
                int group = item / _columns, column = item % _columns;
                int first = column / BlockColumns * BlockColumns, block = Math.Min(BlockColumns, _columns - first);
                int from = group * _groupSize, count = Math.Min(_groupSize, _length - from);
                float* values = _x + (long)column * _length + from;
                if (count < _groupSize)
                {
                    new Span<float>(padded, _groupSize).Clear();
                    new ReadOnlySpan<float>(values, count).CopyTo(new Span<float>(padded, count));
                    values = padded;
                }
                long place = (long)first * _groups + (long)group * block + (column - first);
                _scales[place] = Round(values, lanes, _levels + place * _groupSize);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private ColumnGroup Round(float* x, int* lanes, sbyte* levels)
        {
            float largest = BitConverter.Int32BitsToSingle(LargestBits(x, lanes));
            // NaN and infinity must reach the output: 0 * NaN is NaN whatever the levels are.
            if (!float.IsFinite(largest) || largest < GroupLayout.SmallestScale)
            {
                new Span<sbyte>(levels, _groupSize).Clear();
                return new ColumnGroup(float.IsFinite(largest) ? 0 : float.NaN, 0);
            }
            int sum = Avx512F.IsSupported ? Levels512(x, Most / largest, levels) : Levels(x, Most / largest, levels);
            return new ColumnGroup(largest / Most, -_offset * sum);
        }

        // Without their sign, floats order as integers do, and NaN comes out on top. Two chains, and no branch at the end.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private int LargestBits(float* x, int* lanes)
        {
            int width = Vector<int>.Count;
            Vector<int> magnitude = new(int.MaxValue), even = default, odd = default;
            for (int k = 0; k < _groupSize; k += 2 * width)
            {
                even = Vector.Max(even, Vector.Load((int*)x + k) & magnitude);
                odd = Vector.Max(odd, Vector.Load((int*)x + k + width) & magnitude);
            }
            Vector.Store(Vector.Max(even, odd), lanes);
            Vector128<int> most = Vector128.Load(lanes);
            for (int i = Vector128<int>.Count; i < width; i += Vector128<int>.Count) most = Vector128.Max(most, Vector128.Load(lanes + i));
            most = Vector128.Max(most, Vector128.Shuffle(most, Vector128.Create(2, 3, 0, 1)));
            return Vector128.Max(most, Vector128.Shuffle(most, Vector128.Create(1, 0, 3, 2))).ToScalar();
        }

        // Rounds to nearest, ties to even, and returns the sum of the levels.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private int Levels512(float* x, float inverse, sbyte* levels)
        {
            var factor = Vector512.Create(inverse);
            Vector512<int> sum = default;
            for (int k = 0; k < _groupSize; k += Vector512<float>.Count)
            {
                Vector512<int> level = Avx512F.ConvertToVector512Int32(Vector512.Load(x + k) * factor);
                sum += level;
                Avx512F.ConvertToVector128SByte(level).Store(levels + k);
            }
            return Vector512.Sum(sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private int Levels(float* x, float inverse, sbyte* levels)
        {
            int width = Vector<float>.Count;
            var factor = new Vector<float>(inverse);
            Vector<int> sum = default;
            for (int k = 0; k < _groupSize; k += 4 * width)
            {
                Vector<int> a = Level(x + k, factor), b = Level(x + k + width, factor);
                Vector<int> c = Level(x + k + 2 * width, factor), d = Level(x + k + 3 * width, factor);
                sum += a + b + (c + d);
                Vector.Store(Vector.Narrow(Vector.Narrow(a, b), Vector.Narrow(c, d)), levels + k);
            }
            return Vector.Sum(sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector<int> Level(float* x, Vector<float> factor) => Vector.ConvertToInt32(Vector.Round(Vector.Load(x) * factor));
    }
}
