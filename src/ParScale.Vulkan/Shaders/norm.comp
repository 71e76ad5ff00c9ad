#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"

// What a block reads: weight * x / rms(x), or x itself, one workgroup a row. Before that the result of the block before it is added to x, times
// a factor, or after a norm of its own. With Gather, row r takes row table[r] of x and leaves x as it is. Written as it is, with zeros behind the
// values up to its stride, or rounded to 8 bits.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 256;     // a power of two
layout(constant_id = 1) const uint Add = 0;         // 0: nothing, 1: factor * delta, 2: deltaWeight * delta / rms(delta)
layout(constant_id = 2) const bool Gather = false;
layout(constant_id = 3) const bool Norm = true;
layout(constant_id = 4) const uint GroupSize = 0;   // 0: not rounded

#include "Shared/rounding.glsl"

layout(push_constant) uniform Arguments
{
    FloatsInOut x;      // [rows, xStride]
    Floats delta;       // [rows, xStride]
    Floats deltaWeight; // [count]
    Floats weight;      // [count]
    Words table;        // [rows]
    FloatsOut y;        // [rows, stride]
    WordsOut codes;     // [rows, groups, GroupSize / 4]
    WordsOut scales;    // [rows, groups, 2]
    uint count;
    uint xStride;
    uint stride;
    uint groups;
    float epsilon;
    float factor;
};

shared float partial[Lanes];

// What numbers of a row are multiplied with, from their own squares.
float rootOf(float sum)
{
    uint lane = gl_LocalInvocationID.x;
    barrier();
    partial[lane] = sum;
    for (uint width = Lanes / 2; width > 0; width /= 2)
    {
        barrier();
        if (lane < width) partial[lane] += partial[lane + width];
    }
    barrier();
    return 1 / sqrt(partial[0] / float(count) + epsilon);
}

float value(uint row, uint i, float deltaRoot)
{
    uint at = row * xStride + i;
    if (i >= count) return 0;
    precise float result = x.at[at];
    if (Add == 1)
    {
        precise float added = delta.at[at] * factor;
        result = result + added;
    }
    if (Add == 2)
    {
        precise float added = delta.at[at] * deltaRoot;
        added = added * deltaWeight.at[i];
        result = result + added;
    }
    return result;
}

void main()
{
    uint lane = gl_LocalInvocationID.x, to = gl_WorkGroupID.x, row = Gather ? table.at[to] : to;
    float deltaRoot = 1, root = 1;
    if (Add == 2)
    {
        precise float sum = 0;
        for (uint i = lane; i < count; i += Lanes) sum = fma(delta.at[row * xStride + i], delta.at[row * xStride + i], sum);
        deltaRoot = rootOf(sum);
    }
    if (Norm)
    {
        precise float sum = 0;
        for (uint i = lane; i < count; i += Lanes)
        {
            float v = value(row, i, deltaRoot);
            sum = fma(v, v, sum);
        }
        root = rootOf(sum);
    }
    uint width = GroupSize == 0 ? stride : groups * GroupSize;
    for (uint block = 0; block * Lanes * 4 < width; block++)
    {
        uint first = (block * Lanes + lane) * 4;
        vec4 result = vec4(0);
        for (uint j = 0; j < 4; j++)
        {
            uint i = first + j;
            if (i >= count) break;
            float v = value(row, i, deltaRoot);
            if (Add != 0 && !Gather) x.at[row * xStride + i] = v;
            precise float scaled = v;
            if (Norm)
            {
                scaled = v * root;
                scaled = scaled * weight.at[i];
            }
            result[j] = scaled;
        }
        if (GroupSize != 0) roundGroups(result, block * groupsTogether(GroupSize), groups, to, groups, GroupSize, codes, scales);
        else for (uint j = 0; j < 4 && first + j < stride; j++) y.at[to * stride + first + j] = result[j];
    }
}
