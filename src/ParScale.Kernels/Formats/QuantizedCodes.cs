using System.Numerics;
using System.Runtime.InteropServices;

namespace ParScale.Kernels.Formats;

/// <summary>The codes of one group in vectors, the same to the last bit as one by one.</summary>
internal static class QuantizedCodes
{
    // One vector of bytes is four of floats.
    private const int Parts = 4;

    /// <summary>codes[i] = round(values[i] / scale), ties to even, within least .. most.</summary>
    public static void Round(ReadOnlySpan<float> values, float scale, int least, int most, Span<sbyte> codes)
    {
        int i = 0;
        for (; i <= values.Length - Vector<sbyte>.Count; i += Vector<sbyte>.Count)
        {
            ReadOnlySpan<Vector<float>> v = MemoryMarshal.Cast<float, Vector<float>>(values.Slice(i, Vector<sbyte>.Count));
            Vector<short> lower = Vector.Narrow(Code(v[0], scale, least, most), Code(v[1], scale, least, most));
            Vector<short> upper = Vector.Narrow(Code(v[2], scale, least, most), Code(v[3], scale, least, most));
            Vector.Narrow(lower, upper).CopyTo(codes[i..]);
        }
        for (; i < values.Length; i++) codes[i] = (sbyte)Math.Clamp(MathF.Round(values[i] / scale), least, most);
    }

    /// <summary>How far scale * codes is from the values. It is summed in units of the scale, where nothing overflows.</summary>
    public static RoundingError Error(ReadOnlySpan<float> values, float scale, ReadOnlySpan<sbyte> codes)
    {
        if (scale == 0) return new RoundingError(0, 0);
        float inverse = 1 / scale, errors = 0, squares = 0;
        Vector<float> errorSum = default, squareSum = default;
        Span<Vector<float>> code = stackalloc Vector<float>[Parts];
        int i = 0;
        for (; i <= values.Length - Vector<sbyte>.Count; i += Vector<sbyte>.Count)
        {
            ReadOnlySpan<Vector<float>> v = MemoryMarshal.Cast<float, Vector<float>>(values.Slice(i, Vector<sbyte>.Count));
            Widen(new Vector<sbyte>(codes[i..]), code);
            for (int part = 0; part < Parts; part++)
            {
                Vector<float> value = v[part] * inverse, error = value - code[part];
                errorSum += error * error;
                squareSum += value * value;
            }
        }
        for (; i < values.Length; i++)
        {
            float value = values[i] * inverse, error = value - codes[i];
            errors += error * error;
            squares += value * value;
        }
        double unit = (double)scale * scale;
        return new RoundingError((errors + Vector.Sum(errorSum)) * unit, (squares + Vector.Sum(squareSum)) * unit);
    }

    private static Vector<int> Code(Vector<float> value, float scale, int least, int most) => Vector.Min(Vector.Max(
        Vector.ConvertToInt32(Vector.Round(value / new Vector<float>(scale))), new Vector<int>(least)), new Vector<int>(most));

    private static void Widen(Vector<sbyte> codes, Span<Vector<float>> wide)
    {
        Vector.Widen(codes, out Vector<short> lower, out Vector<short> upper);
        Vector.Widen(lower, out Vector<int> first, out Vector<int> second);
        Vector.Widen(upper, out Vector<int> third, out Vector<int> fourth);
        (wide[0], wide[1]) = (Vector.ConvertToSingle(first), Vector.ConvertToSingle(second));
        (wide[2], wide[3]) = (Vector.ConvertToSingle(third), Vector.ConvertToSingle(fourth));
    }
}
