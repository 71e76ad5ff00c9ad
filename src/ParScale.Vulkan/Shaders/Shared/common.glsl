// What the shaders share. Everything is read and written as 32-bit words: no device needs 8-bit or 16-bit storage.
// Types whose name ends with Out are written, with InOut both; the others are read. A test holds the host's calls against that.
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require

layout(buffer_reference, std430, buffer_reference_align = 4) readonly buffer Words { uint at[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) writeonly buffer WordsOut { uint at[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) readonly buffer Floats { float at[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) writeonly buffer FloatsOut { float at[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) buffer FloatsInOut { float at[]; };
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer Vectors { vec4 at[]; };
layout(buffer_reference, std430, buffer_reference_align = 8) readonly buffer Pairs { uvec2 at[]; };

// Formats of numbers, as the host counts them.
const uint F32 = 0, Bf16 = 1, Q8 = 2, Q4 = 3;

float lowerHalf(uint word) { return uintBitsToFloat(word << 16); }

float upperHalf(uint word) { return uintBitsToFloat(word & 0xFFFF0000u); }

// To the nearest bfloat16, of two the even one; NaN stays NaN.
uint bf16Bits(float value)
{
    uint bits = floatBitsToUint(value);
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return (bits >> 16) | 0x40u;
    return (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
}

// e^x to about two units in the last place, by the same steps on every device. Below -103 it is 0, above 88.7 the largest that there is.
float exponent(float x)
{
    float bounded = clamp(x, -87.3, 88.7);
    precise float n = roundEven(bounded * 1.44269504);
    precise float r = fma(n, -1.42860677e-6, fma(n, -0.693145752, bounded));
    precise float p = 1.38888889e-3;
    p = fma(p, r, 8.33333333e-3);
    p = fma(p, r, 4.16666667e-2);
    p = fma(p, r, 1.66666667e-1);
    p = fma(p, r, 0.5);
    p = fma(p, r, 1.0);
    p = fma(p, r, 1.0);
    // Two factors: 2^128 itself would overflow.
    int whole = int(n), part = whole / 2;
    precise float power = p * uintBitsToFloat(uint(part + 127) << 23) * uintBitsToFloat(uint(whole - part + 127) << 23);
    return x < -87.3 ? 0.0 : power;
}

float hyperbolicTangent(float x)
{
    float size = abs(x);
    if (size < 0.04) return x * (1 + x * x * (-0.333333333 + x * x * 0.133333333));
    return sign(x) * (1 - 2 / (exponent(min(2 * size, 40.0)) + 1));
}
