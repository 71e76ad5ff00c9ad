#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"
#include "Shared/routes.glsl"

// y[r][n] = sum over k of weights[n][k] * x[r][k], and a bias. A workgroup has eight rows of the weights, 32 lanes for each: neighbouring
// lanes read neighbouring words. Along its second axis it has some of the rows of x, for which each weight is read once; of experts one expert, and all
// of its rows. What a row of x gives does not depend on the others.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 256;     // a multiple of 32
layout(constant_id = 1) const uint Rows = 1;        // of x, at a time
layout(constant_id = 2) const uint Format = F32;
layout(constant_id = 3) const bool HasBias = false;
layout(constant_id = 4) const bool Add = false;
layout(constant_id = 5) const uint Which = AllRows;

layout(push_constant) uniform Arguments
{
    Vectors weights;    // [outputs, columns], each row filled up with zeros to a multiple of four
    Vectors x;          // [rows, xStride], zeros from the last true column on
    Floats bias;        // [outputs]
    FloatsInOut y;      // [rows, yStride]
    Words routes;       // of experts
    uint columns;       // with those that fill up
    uint outputs;
    uint xStride;
    uint yStride;
    uint rows;          // of x and y
    float factor;
};

#include "Shared/result.glsl"

precise shared float partial[Lanes * Rows];

void main()
{
    uint lane = gl_LocalInvocationID.x % 32, part = gl_LocalInvocationID.x / 32, own = gl_LocalInvocationID.x;
    uint n = gl_WorkGroupID.x * (Lanes / 32) + part, expert = Which == AllRows ? 0 : gl_WorkGroupID.y;
    uint weightRow = n + expert * ((outputs + 31) / 32 * 32), start = gl_WorkGroupID.y * Rows, end = min(start + Rows, rows);
    if (Which != AllRows)
    {
        start = firstPlace(routes, expert);
        end = firstPlace(routes, expert + 1);
    }
    for (uint base = start; base < end; base += Rows)
    {
        uint from[Rows];
        precise float sum[Rows];
        for (uint r = 0; r < Rows; r++)
        {
            uint row = min(base + r, end - 1);
            from[r] = (Which == RowsOfExperts ? rowOfPlace(routes, gl_NumWorkGroups.y, row) : row) * (xStride / 4);
            sum[r] = 0;
        }
        if (n < outputs)
        {
            for (uint k = lane; k < columns / 4; k += 32)
            {
                vec4 w;
                if (Format == F32) w = weights.at[weightRow * (columns / 4) + k];
                else
                {
                    uvec2 words = Pairs(uvec2(weights)).at[weightRow * (columns / 4) + k];
                    w = vec4(lowerHalf(words.x), upperHalf(words.x), lowerHalf(words.y), upperHalf(words.y));
                }
                for (uint r = 0; r < Rows; r++)
                {
                    vec4 v = x.at[from[r] + k];
                    sum[r] = fma(w.w, v.w, fma(w.z, v.z, fma(w.y, v.y, fma(w.x, v.x, sum[r]))));
                }
            }
        }
        for (uint r = 0; r < Rows; r++) partial[r * Lanes + own] = sum[r];
        for (uint width = 16; width > 0; width /= 2)
        {
            barrier();
            if (lane < width)
                for (uint r = 0; r < Rows; r++) partial[r * Lanes + own] += partial[r * Lanes + own + width];
        }
        if (lane == 0 && n < outputs)
            for (uint r = 0; r < Rows && base + r < end; r++) putResult(base + r, n, partial[r * Lanes + own]);
        barrier();
    }
}
