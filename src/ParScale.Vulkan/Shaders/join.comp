#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"

// The P states of a token side by side: y[t][h * P + p] = x[row of stream p][h], and 0 of a stream that does not run. Behind the
// values, y is zero up to its stride.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 256;
layout(constant_id = 1) const bool Anchored = false;

layout(push_constant) uniform Arguments
{
    Floats x;           // [rows, xStride]
    Pairs table;        // [tokens, 1 or 2], as streams.glsl has it
    FloatsOut y;        // [tokens, stride]
    uint streams;       // P
    uint count;         // H * P
    uint xStride;
    uint stride;
};

#include "Shared/streams.glsl"

void main()
{
    uint i = gl_GlobalInvocationID.x, token = gl_WorkGroupID.y, stream = i % streams;
    if (i >= stride) return;
    y.at[token * stride + i] = i < count && runs(token, stream) ? x.at[rowOfStream(token, stream) * xStride + i / streams] : 0;
}
