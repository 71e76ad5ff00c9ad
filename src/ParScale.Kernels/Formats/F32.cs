using System.Numerics;
using System.Runtime.CompilerServices;

namespace ParScale.Kernels.Formats;

/// <summary>IEEE single precision, as stored.</summary>
internal readonly unsafe struct F32 : IWeightFormat
{
    public static int BytesPerValue => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(byte* row, nint index) => Unsafe.ReadUnaligned<float>(row + index * 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair(byte* row, nint index, out Vector<float> lower, out Vector<float> upper)
    {
        byte* from = row + index * 4;
        lower = Unsafe.ReadUnaligned<Vector<float>>(from);
        upper = Unsafe.ReadUnaligned<Vector<float>>(from + sizeof(Vector<float>));
    }

    public static void Store(byte* row, nint index, float value) => Unsafe.WriteUnaligned(row + index * 4, value);
}
