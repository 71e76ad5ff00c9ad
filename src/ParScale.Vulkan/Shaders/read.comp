#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"

// Reads a buffer once, to measure how long that takes.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 256;

layout(push_constant) uniform Arguments
{
    Vectors x;      // [vectors]
    WordsOut y;     // [workgroups * Lanes]; without a result a driver might leave the reading out
    uint vectors;
};

void main()
{
    uint lane = gl_GlobalInvocationID.x, lanes = gl_NumWorkGroups.x * Lanes;
    uvec4 all = uvec4(0);
    for (uint i = lane; i < vectors; i += lanes) all ^= floatBitsToUint(x.at[i]);
    y.at[lane] = all.x ^ all.y ^ all.z ^ all.w;
}
