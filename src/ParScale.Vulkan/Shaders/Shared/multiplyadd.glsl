// The multiply-add of a group of products. Needs RoundsOnce: whether the device's fma() rounds once, which fma.comp found out. Shaders may
// round it twice, and software drivers do.

// The sum of two numbers, and what its rounding lost.
vec2 exactSum(float a, float b)
{
    precise float sum = a + b;
    precise float back = sum - a;
    precise float lost = (a - (sum - back)) + (b - back);
    return vec2(sum, lost);
}

// count * scale + sum in one rounding, as the CPU has it. count is an integer of at most 22 bits. Where fma() rounds once it is that. Elsewhere two exact sums,
// the smaller parts added to odd, and one rounding at the end (Boldo and Melquiond, 2008).
float multiplyAdd(int count, float scale, float sum)
{
    // Devices may take denormal numbers for zeros, and parts of a tiny scale are such: a power of two keeps them away from there.
    const float Up = 18446744073709551616.0, Down = 1 / Up;
    bool tiny = abs(scale) < 16 * Down;
    if (RoundsOnce && !tiny)
    {
        precise float once = fma(float(count), scale, sum);
        return once;
    }
    if (tiny)
    {
        // All that could be added is less than half a unit in the last place.
        if (abs(sum) > Up / 16) return sum;
        scale *= Up;
        sum *= Up;
    }
    // Parts of 12 bits, whose products are exact.
    int high = count / 2048 * 2048;
    float countHigh = float(high), countLow = float(count - high);
    float scaleHigh = uintBitsToFloat(floatBitsToUint(scale) & 0xFFFFF000u);
    precise float scaleLow = scale - scaleHigh;
    precise float product = float(count) * scale;
    precise float rest = countHigh * scaleHigh - product;
    rest = rest + countHigh * scaleLow;
    rest = rest + countLow * scaleHigh;
    rest = rest + countLow * scaleLow;
    vec2 small = exactSum(sum, rest), large = exactSum(product, small.x), odd = exactSum(small.y, large.y);
    uint bits = floatBitsToUint(odd.x);
    if (odd.y != 0 && (bits & 1u) == 0) bits = (odd.y > 0) == (odd.x > 0) ? bits + 1 : bits - 1;
    precise float result = large.x + uintBitsToFloat(bits);
    return tiny ? result * Down : result;
}
