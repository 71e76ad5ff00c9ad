#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// y[r][n] = sum over k of weights[n][k] * x[r][k], and a bias. A workgroup has eight rows of the weights, 32 lanes for each: neighbouring
// lanes read neighbouring words. Each weight is read once for all rows of x. What a row of x gives does not depend on how many there are.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 256;     // a multiple of 32
layout(constant_id = 1) const uint Rows = 1;        // of x
layout(constant_id = 2) const uint Format = F32;
layout(constant_id = 3) const bool HasBias = false;

layout(push_constant) uniform Arguments
{
    Vectors weights;    // [outputs, columns], each row filled up with zeros to a multiple of four
    Vectors x;          // [rows, xStride], zeros from the last true column on
    Floats bias;        // [outputs]
    FloatsOut y;        // [rows, yStride]
    uint columns;       // with those that fill up
    uint outputs;
    uint xStride;
    uint yStride;
    uint firstRow;      // of x and y
};

shared float partial[Lanes * Rows];

void main()
{
    uint lane = gl_LocalInvocationID.x % 32, part = gl_LocalInvocationID.x / 32;
    uint n = gl_WorkGroupID.x * (Lanes / 32) + part;
    precise float sum[Rows];
    for (uint r = 0; r < Rows; r++) sum[r] = 0;
    if (n < outputs)
    {
        for (uint k = lane; k < columns / 4; k += 32)
        {
            vec4 w;
            if (Format == F32) w = weights.at[n * (columns / 4) + k];
            else
            {
                uvec2 words = Pairs(weights).at[n * (columns / 4) + k];
                w = vec4(lowerHalf(words.x), upperHalf(words.x), lowerHalf(words.y), upperHalf(words.y));
            }
            for (uint r = 0; r < Rows; r++)
            {
                vec4 v = x.at[(firstRow + r) * (xStride / 4) + k];
                sum[r] = fma(w.w, v.w, fma(w.z, v.z, fma(w.y, v.y, fma(w.x, v.x, sum[r]))));
            }
        }
    }
    for (uint r = 0; r < Rows; r++) partial[r * Lanes + gl_LocalInvocationID.x] = sum[r];
    for (uint width = 16; width > 0; width /= 2)
    {
        barrier();
        if (lane < width)
            for (uint r = 0; r < Rows; r++) partial[r * Lanes + gl_LocalInvocationID.x] += partial[r * Lanes + gl_LocalInvocationID.x + width];
    }
    if (lane != 0 || n >= outputs) return;
    for (uint r = 0; r < Rows; r++)
        y.at[(firstRow + r) * yStride + n] = HasBias ? partial[r * Lanes + gl_LocalInvocationID.x] + bias.at[n] : partial[r * Lanes + gl_LocalInvocationID.x];
}
