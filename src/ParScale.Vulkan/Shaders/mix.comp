#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"

// w = softmax(z) over the m streams that run, then w * (1 - smoothing) + smoothing / m; y = sum over these of w[p] * x[p]. One that does not run has the
// weight 0, one that runs alone 1. One workgroup a token. Behind the values, y is zero up to its stride.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 256;
layout(constant_id = 1) const bool Anchored = false;

layout(push_constant) uniform Arguments
{
    Floats z;           // [tokens, zStride]
    Floats x;           // [rows, xStride]
    Pairs table;        // [tokens, 1 or 2], as streams.glsl has it
    FloatsOut weights;  // [tokens, P]
    FloatsOut y;        // [tokens, stride]
    uint streams;       // P, at most 64
    uint count;         // H
    uint zStride;
    uint xStride;
    uint stride;
    float smoothing;
};

#include "Shared/streams.glsl"

shared float w[64];

void main()
{
    uint lane = gl_LocalInvocationID.x, token = gl_WorkGroupID.x, running = streamsThatRun(token, streams);
    // Stream 0 always runs.
    float largest = z.at[token * zStride];
    for (uint p = 1; p < streams; p++) if (runs(token, p)) largest = max(largest, z.at[token * zStride + p]);
    float sum = 0;
    for (uint p = 0; p < streams; p++) if (runs(token, p)) sum += exponent(z.at[token * zStride + p] - largest);
    for (uint p = lane; p < streams; p += Lanes)
    {
        float share = exponent(z.at[token * zStride + p] - largest) / sum * (1 - smoothing) + smoothing / float(running);
        if (running == 1) share = 1;
        if (!runs(token, p)) share = 0;
        w[p] = share;
        weights.at[token * streams + p] = share;
    }
    barrier();
    for (uint i = lane; i < stride; i += Lanes)
    {
        float total = 0;
        for (uint p = 0; p < streams && i < count; p++)
            if (runs(token, p)) total = fma(w[p], x.at[rowOfStream(token, p) * xStride + i], total);
        y.at[token * stride + i] = total;
    }
}
