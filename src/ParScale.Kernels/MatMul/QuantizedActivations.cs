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
/// Activations [rows, K] rounded to 8 bits, x = scale * code with one scale per group, codes -127 .. 127; scratch
/// memory that grows to the largest use and is then kept. Rows lie in blocks of up to eight, which a kernel takes at
/// once: codes [groups, rows of the block, values of a group], scales [groups, rows of the block].
/// </summary>
internal sealed unsafe class QuantizedActivations : IDisposable
{
    /// <summary>Rows in a full block.</summary>
    public const int BlockRows = 8;

    private const float Most = 127;

    // Fewer values than this are rounded faster by the caller than by handing them over.
    private const int SmallestShare = 16 * 1024;

    private readonly Scratch _codes = new();
    private readonly Scratch _scales = new();
    private sbyte* _code;
    private ActivationGroup* _scale;

    /// <summary>Rows held.</summary>
    public int Rows { get; private set; }

    /// <summary>Groups of a row.</summary>
    public int Groups { get; private set; }

    /// <summary>Values of a row, padded with zeros to whole groups.</summary>
    public int Length { get; private set; }

    /// <summary>Codes of a block. <paramref name="first"/> is its first row, a multiple of <see cref="BlockRows"/>.</summary>
    internal sbyte* Codes(int first) => _code + (long)first * Length;

    /// <summary>Scales and start sums of a block.</summary>
    internal ActivationGroup* Scales(int first) => _scale + (long)first * Groups;

    /// <summary>Rows of the block that begins at <paramref name="first"/>.</summary>
    internal int BlockSize(int first) => Math.Min(BlockRows, Rows - first);

    /// <summary>Rounds x: [rows, K] for weights of a block-quantized type. A row with a value that is not finite becomes NaN.</summary>
    public void Fill(ReadOnlySpan<float> x, int rows, WeightType type, WorkerPool pool)
    {
        int length = x.Length / rows, groupSize = QuantizedLayout.GroupSize(type);
        (Rows, Groups) = (rows, QuantizedLayout.Groups(type, length));
        Length = Groups * groupSize;
        _code = (sbyte*)_codes.Take((long)rows * Length);
        _scale = (ActivationGroup*)_scales.Take((long)rows * Groups * sizeof(ActivationGroup));
        int offset = type == WeightType.Q8 ? Q8.Offset : Q4.Offset;
        fixed (float* values = x)
        {
            var job = new Job(values, length, rows, groupSize, Groups, offset, _code, _scale);
            pool.Run(ref job, rows * Groups, Math.Max(1, SmallestShare / groupSize));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _codes.Dispose();
        _scales.Dispose();
    }

    // Items are groups of values of a row, counted [groups, rows].
    private readonly struct Job(
        float* x, int length, int rows, int groupSize, int groups, int offset, sbyte* codes, ActivationGroup* scales) : IRangeJob
    {
        private readonly float* _x = x;
        private readonly int _length = length, _rows = rows, _groupSize = groupSize, _groups = groups, _offset = offset;
        private readonly sbyte* _codes = codes;
        private readonly ActivationGroup* _scales = scales;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(int start, int end)
        {
            float* padded = stackalloc float[_groupSize];
            int* lanes = stackalloc int[Vector<int>.Count];
            for (int item = start; item < end; item++)
            {
                int group = item / _rows, row = item % _rows;
                int first = row / BlockRows * BlockRows, block = Math.Min(BlockRows, _rows - first);
                int from = group * _groupSize, count = Math.Min(_groupSize, _length - from);
                float* values = _x + (long)row * _length + from;
                if (count < _groupSize)
                {
                    new Span<float>(padded, _groupSize).Clear();
                    new ReadOnlySpan<float>(values, count).CopyTo(new Span<float>(padded, count));
                    values = padded;
                }
                long place = (long)first * _groups + (long)group * block + (row - first);
                _scales[place] = Round(values, lanes, _codes + place * _groupSize);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private ActivationGroup Round(float* x, int* lanes, sbyte* codes)
        {
            float largest = BitConverter.Int32BitsToSingle(LargestBits(x, lanes));
            // NaN and infinity must reach the output: 0 * NaN is NaN whatever the codes are.
            if (!float.IsFinite(largest) || largest < QuantizedLayout.SmallestScale)
            {
                new Span<sbyte>(codes, _groupSize).Clear();
                return new ActivationGroup(float.IsFinite(largest) ? 0 : float.NaN, 0);
            }
            int sum = Avx512F.IsSupported ? Codes512(x, Most / largest, codes) : Codes(x, Most / largest, codes);
            return new ActivationGroup(largest / Most, -_offset * sum);
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

        // Rounds to nearest, ties to even, and returns the sum of the codes.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private int Codes512(float* x, float inverse, sbyte* codes)
        {
            var factor = Vector512.Create(inverse);
            Vector512<int> sum = default;
            for (int k = 0; k < _groupSize; k += Vector512<float>.Count)
            {
                Vector512<int> code = Avx512F.ConvertToVector512Int32(Vector512.Load(x + k) * factor);
                sum += code;
                Avx512F.ConvertToVector128SByte(code).Store(codes + k);
            }
            return Vector512.Sum(sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private int Codes(float* x, float inverse, sbyte* codes)
        {
            int width = Vector<float>.Count;
            var factor = new Vector<float>(inverse);
            Vector<int> sum = default;
            for (int k = 0; k < _groupSize; k += 4 * width)
            {
                Vector<int> a = Code(x + k, factor), b = Code(x + k + width, factor);
                Vector<int> c = Code(x + k + 2 * width, factor), d = Code(x + k + 3 * width, factor);
                sum += a + b + (c + d);
                Vector.Store(Vector.Narrow(Vector.Narrow(a, b), Vector.Narrow(c, d)), codes + k);
            }
            return Vector.Sum(sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector<int> Code(float* x, Vector<float> factor) => Vector.ConvertToInt32(Vector.Round(Vector.Load(x) * factor));
    }
}
