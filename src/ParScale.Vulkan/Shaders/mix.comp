#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// w = softmax(z), then w * (1 - smoothing) + smoothing / P; y = sum over streams of w[p] * x[p]. One workgroup a token. Behind the values,
// y is zero up to its stride.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 256;

layout(push_constant) uniform Arguments
{
    Floats z;           // [tokens, zStride]
    Floats x;           // [rows, xStride]
    Pairs table;        // [tokens]: the row of stream 0, and rows from a stream to the next
    FloatsOut weights;  // [tokens, P]
    FloatsOut y;        // [tokens, stride]
    uint streams;       // P, at most 64
    uint count;         // H
    uint zStride;
    uint xStride;
    uint stride;
    float smoothing;
};

shared float w[64];

void main()
{
    uint lane = gl_LocalInvocationID.x, token = gl_WorkGroupID.x;
    uvec2 rows = table.at[token];
    float largest = z.at[token * zStride];
    for (uint p = 1; p < streams; p++) largest = max(largest, z.at[token * zStride + p]);
    float sum = 0;
    for (uint p = 0; p < streams; p++) sum += exponent(z.at[token * zStride + p] - largest);
    for (uint p = lane; p < streams; p += Lanes)
    {
        float share = exponent(z.at[token * zStride + p] - largest) / sum * (1 - smoothing) + smoothing / float(streams);
        w[p] = share;
        weights.at[token * streams + p] = share;
    }
    barrier();
    for (uint i = lane; i < stride; i += Lanes)
    {
        float total = 0;
        if (i < count)
            for (uint p = 0; p < streams; p++) total = fma(w[p], x.at[(rows.x + p * rows.y) * xStride + i], total);
        y.at[token * stride + i] = total;
    }
}
