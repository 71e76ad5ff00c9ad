#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// y = weight * x / rms(x), one workgroup a row; before that x += delta where Add is set. With Gather, row r takes row table[r] of x and
// leaves x as it is. Behind the values, y is zero up to its stride.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 256;     // a power of two
layout(constant_id = 1) const bool Add = false;
layout(constant_id = 2) const bool Gather = false;

layout(push_constant) uniform Arguments
{
    FloatsInOut x;      // [rows, xStride]
    Floats delta;       // [rows, xStride]
    Floats weight;      // [count]
    Words table;        // [rows]
    FloatsOut y;        // [rows, stride]
    uint count;
    uint xStride;
    uint stride;
    float epsilon;
};

shared float partial[Lanes];

float value(uint row, uint i)
{
    float own = x.at[row * xStride + i];
    return Add ? own + delta.at[row * xStride + i] : own;
}

void main()
{
    uint lane = gl_LocalInvocationID.x, to = gl_WorkGroupID.x;
    uint row = Gather ? table.at[to] : to;
    precise float sum = 0;
    for (uint i = lane; i < count; i += Lanes)
    {
        float v = value(row, i);
        sum = fma(v, v, sum);
    }
    partial[lane] = sum;
    for (uint width = Lanes / 2; width > 0; width /= 2)
    {
        barrier();
        if (lane < width) partial[lane] += partial[lane + width];
    }
    barrier();
    float factor = 1 / sqrt(partial[0] / float(count) + epsilon);
    for (uint i = lane; i < stride; i += Lanes)
    {
        float v = i < count ? value(row, i) : 0;
        y.at[to * stride + i] = i < count ? v * factor * weight.at[i] : 0;
        if (Add && !Gather && i < count) x.at[row * xStride + i] = v;
    }
}
