#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"

// y[r] = factor * row ids[r] of a table, one workgroup a row.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 256;
layout(constant_id = 1) const uint Format = F32;

layout(push_constant) uniform Arguments
{
    Words values;       // as matmul_float or matmul_quantized has it
    Words scales;       // of q8 and q4
    Words ids;          // [rows]
    FloatsOut y;        // [rows, stride]
    uint count;         // values of a row
    uint rowValues;     // and with those that fill it up
    uint stride;
    float factor;
};

float value(uint row, uint k)
{
    if (Format == F32) return uintBitsToFloat(values.at[row * rowValues + k]);
    if (Format == Bf16)
    {
        uint word = values.at[(row * rowValues + k) / 2];
        return k % 2 == 0 ? lowerHalf(word) : upperHalf(word);
    }
    uint tile = row / 32, lane = row % 32, size = Format == Q8 ? 128 : 64, groups = rowValues / size;
    uint word, code;
    if (Format == Q8)
    {
        word = values.at[(tile * (rowValues / 4) + k / 4) * 32 + lane];
        code = bitfieldExtract(word, int(k % 4 * 8), 8);
    }
    else
    {
        word = values.at[(tile * (rowValues / 8) + k / 8) * 32 + lane];
        code = bitfieldExtract(word, int(k % 4 * 8 + k % 8 / 4 * 4), 4);
    }
    uint at = (tile * groups + k / size) * 32 + lane;
    uint pair = scales.at[at / 2];
    return (at % 2 == 0 ? lowerHalf(pair) : upperHalf(pair)) * float(int(code) - (Format == Q8 ? 128 : 8));
}

void main()
{
    uint row = gl_WorkGroupID.x, id = ids.at[row];
    for (uint i = gl_LocalInvocationID.x; i < count; i += Lanes) y.at[row * stride + i] = value(id, i) * factor;
}
