#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"

// The multiply-add of products alone, with fma() or by hand: what the host compares with the CPU's.
layout(local_size_x = 256) in;
layout(constant_id = 0) const bool RoundsOnce = true;

#include "Shared/multiplyadd.glsl"

layout(push_constant) uniform Arguments
{
    Words cases;        // [cases, 3]: the integer, and the bits of the scale and of the sum
    FloatsOut y;        // [cases]
    uint count;         // of cases
};

void main()
{
    uint i = gl_GlobalInvocationID.x;
    if (i < count) y.at[i] = multiplyAdd(int(cases.at[i * 3]), uintBitsToFloat(cases.at[i * 3 + 1]), uintBitsToFloat(cases.at[i * 3 + 2]));
}
