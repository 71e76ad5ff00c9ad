#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// Rounds activations to 8 bits, group by group, as the CPU does to the last bit: scale = largest / 127, code = round(x * (127 / largest)).
// One workgroup of 32 lanes a group, four values a lane. codes: four to a word; scales: the scale, and the sum of the codes.
layout(local_size_x = 32) in;
layout(constant_id = 0) const uint GroupSize = 128;

layout(push_constant) uniform Arguments
{
    Vectors x;          // [rows, stride], zeros from the last true column on
    WordsOut codes;     // [rows, groups, GroupSize / 4]
    WordsOut scales;    // [rows, groups, 2]
    uint stride;
    uint groups;
};

shared uint largestBits;
shared int total;

// a / b to the nearest, ties to even, for numbers and a quotient that are positive and normal. The division of shaders may be off by
// some units in the last place, and codes would differ from device to device.
float divide(float a, float b)
{
    uint p = floatBitsToUint(a), q = floatBitsToUint(b);
    int power = int(p >> 23) - int(q >> 23);
    uint left = (p & 0x7FFFFFu) | 0x800000u, by = (q & 0x7FFFFFu) | 0x800000u;
    if (left < by)
    {
        left <<= 1;
        power--;
    }
    // 24 bits and one to round by.
    uint quotient = 0;
    for (uint i = 0; i < 25; i++)
    {
        quotient <<= 1;
        if (left >= by)
        {
            left -= by;
            quotient |= 1;
        }
        left <<= 1;
    }
    uint bits = quotient >> 1;
    if ((quotient & 1u) != 0 && (left != 0 || (bits & 1u) != 0)) bits++;
    // A carry out of the fraction raises the exponent.
    return uintBitsToFloat((uint(power + 126) << 23) + bits);
}

void main()
{
    uint lane = gl_LocalInvocationID.x, group = gl_WorkGroupID.x, row = gl_WorkGroupID.y;
    bool used = lane < GroupSize / 4;
    if (lane == 0)
    {
        largestBits = 0;
        total = 0;
    }
    barrier();
    vec4 v = used ? x.at[(row * stride + group * GroupSize) / 4 + lane] : vec4(0);
    uvec4 size = floatBitsToUint(v) & 0x7FFFFFFFu;
    atomicMax(largestBits, max(max(size.x, size.y), max(size.z, size.w)));
    barrier();
    float largest = uintBitsToFloat(largestBits);
    bool finite = largestBits < 0x7F800000u;
    // As small as this they count as zeros; NaN and infinity reach the result through the scale.
    bool plain = finite && largest >= 1e-30;
    ivec4 code = ivec4(0);
    if (plain)
    {
        precise vec4 scaled = v * divide(127.0, largest);
        code = ivec4(roundEven(scaled));
    }
    atomicAdd(total, code.x + code.y + code.z + code.w);
    barrier();
    if (used)
    {
        uvec4 bytes = uvec4(code) & 0xFFu;
        codes.at[(row * groups + group) * (GroupSize / 4) + lane] = bytes.x | bytes.y << 8 | bytes.z << 16 | bytes.w << 24;
    }
    if (lane != 0) return;
    uint at = (row * groups + group) * 2;
    scales.at[at] = !finite ? 0x7FC00000u : plain ? floatBitsToUint(divide(largest, 127.0)) : 0u;
    scales.at[at + 1] = uint(total);
}
