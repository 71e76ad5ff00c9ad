using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ParScale.Kernels.Formats;

namespace ParScale.Kernels.MatMul;

/// <content>The vector widths of the float kernels.</content>
internal static unsafe partial class FloatMatMul
{
    /// <summary>Operations on one width of vector, so that the tiles are written once.</summary>
    private interface ILanes<TVector>
        where TVector : struct
    {
        static abstract int Count { get; }

        static abstract TVector Load(float* from);

        static abstract void LoadPair<TFormat>(byte* from, out TVector first, out TVector second)
            where TFormat : struct, IFloatFormat;

        static abstract TVector MultiplyAdd(TVector a, TVector b, TVector sum);

        /// <summary>Adds the lanes: halves onto each other as long as there are two.</summary>
        static abstract float Sum(TVector vector);

        /// <summary>Splits two vectors of x as the format splits its weights.</summary>
        static abstract void Deinterleave<TFormat>(float* from, float* first, float* second)
            where TFormat : struct, IFloatFormat;
    }

    private readonly struct Lanes512 : ILanes<Vector512<float>>
    {
        public static int Count => Vector512<float>.Count;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load(float* from) => Vector512.Load(from);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void LoadPair<TFormat>(byte* from, out Vector512<float> first, out Vector512<float> second)
            where TFormat : struct, IFloatFormat => TFormat.LoadPair(from, out first, out second);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> sum) =>
            Vector512.MultiplyAddEstimate(a, b, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Sum(Vector512<float> vector) => Lanes256.Sum(vector.GetLower() + vector.GetUpper());

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Deinterleave<TFormat>(float* from, float* first, float* second)
            where TFormat : struct, IFloatFormat
        {
            var low = Vector512.Load((ulong*)from);
            var high = Vector512.Load((ulong*)(from + Count));
            if (TFormat.Deinterleaved)
            {
                Vector512.Narrow(low, high).Store((uint*)first);
                Vector512.Narrow(low >> 32, high >> 32).Store((uint*)second);
            }
            else
            {
                low.Store((ulong*)first);
                high.Store((ulong*)second);
            }
        }
    }

    private readonly struct Lanes256 : ILanes<Vector256<float>>
    {
        public static int Count => Vector256<float>.Count;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Load(float* from) => Vector256.Load(from);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void LoadPair<TFormat>(byte* from, out Vector256<float> first, out Vector256<float> second)
            where TFormat : struct, IFloatFormat => TFormat.LoadPair(from, out first, out second);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> sum) =>
            Vector256.MultiplyAddEstimate(a, b, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Sum(Vector256<float> vector) => Lanes128.Sum(vector.GetLower() + vector.GetUpper());

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Deinterleave<TFormat>(float* from, float* first, float* second)
            where TFormat : struct, IFloatFormat
        {
            var low = Vector256.Load((ulong*)from);
            var high = Vector256.Load((ulong*)(from + Count));
            if (TFormat.Deinterleaved)
            {
                Vector256.Narrow(low, high).Store((uint*)first);
                Vector256.Narrow(low >> 32, high >> 32).Store((uint*)second);
            }
            else
            {
                low.Store((ulong*)first);
                high.Store((ulong*)second);
            }
        }
    }

    private readonly struct Lanes128 : ILanes<Vector128<float>>
    {
        public static int Count => Vector128<float>.Count;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Load(float* from) => Vector128.Load(from);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void LoadPair<TFormat>(byte* from, out Vector128<float> first, out Vector128<float> second)
            where TFormat : struct, IFloatFormat => TFormat.LoadPair(from, out first, out second);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> sum) =>
            Vector128.MultiplyAddEstimate(a, b, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Sum(Vector128<float> vector) => Vector128.Sum(vector);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Deinterleave<TFormat>(float* from, float* first, float* second)
            where TFormat : struct, IFloatFormat
        {
            var low = Vector128.Load((ulong*)from);
            var high = Vector128.Load((ulong*)(from + Count));
            if (TFormat.Deinterleaved)
            {
                Vector128.Narrow(low, high).Store((uint*)first);
                Vector128.Narrow(low >> 32, high >> 32).Store((uint*)second);
            }
            else
            {
                low.Store((ulong*)first);
                high.Store((ulong*)second);
            }
        }
    }

    // Without vectors a float is a vector of one: the vector types' own fallback would call a method per operation.
    private readonly struct Lanes1 : ILanes<float>
    {
        public static int Count => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Load(float* from) => *from;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void LoadPair<TFormat>(byte* from, out float first, out float second)
            where TFormat : struct, IFloatFormat
        {
            first = TFormat.Load(from, 0);
            second = TFormat.Load(from, 1);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float MultiplyAdd(float a, float b, float sum) => a * b + sum;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Sum(float vector) => vector;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Deinterleave<TFormat>(float* from, float* first, float* second)
            where TFormat : struct, IFloatFormat
        {
            *first = from[0];
            *second = from[1];
        }
    }
}
