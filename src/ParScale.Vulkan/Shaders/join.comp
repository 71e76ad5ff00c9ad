#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// The P states of a token side by side: y[t][h * P + p] = x[first[t] + p * step[t]][h]. Behind the values, y is zero up to its stride.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 256;

layout(push_constant) uniform Arguments
{
    Floats x;           // [rows, xStride]
    Pairs table;        // [tokens]: the row of stream 0, and rows from a stream to the next
    FloatsOut y;        // [tokens, stride]
    uint streams;       // P
    uint count;         // H * P
    uint xStride;
    uint stride;
};

void main()
{
    uint i = gl_GlobalInvocationID.x, token = gl_WorkGroupID.y;
    if (i >= stride) return;
    uvec2 rows = table.at[token];
    y.at[token * stride + i] = i < count ? x.at[(rows.x + i % streams * rows.y) * xStride + i / streams] : 0;
}
