#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"

// activation(gate) * up; of SiLU alone silu(gate). Written as it is, with zeros behind the values up to its stride, or rounded to 8 bits.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 256;
layout(constant_id = 1) const uint Kind = 0;        // 0 SwiGLU, 1 GeGLU with the tangent, 2 SiLU
layout(constant_id = 2) const uint GroupSize = 0;   // 0: not rounded

#include "Shared/rounding.glsl"

layout(push_constant) uniform Arguments
{
    Floats gate;        // [rows, gateStride]
    Floats up;          // [rows, gateStride]
    FloatsOut y;        // [rows, stride]
    WordsOut codes;     // [rows, groups, GroupSize / 4]
    WordsOut scales;    // [rows, groups, 2]
    uint count;
    uint gateStride;
    uint stride;
    uint groups;
};

float silu(float x) { return x / (1 + exponent(-x)); }

float gelu(float x) { return 0.5 * x * (1 + hyperbolicTangent(0.7978845608 * (x + 0.044715 * x * x * x))); }

float value(uint row, uint i)
{
    if (i >= count) return 0;
    uint at = row * gateStride + i;
    if (Kind == 2) return silu(gate.at[at]);
    precise float result = (Kind == 0 ? silu(gate.at[at]) : gelu(gate.at[at])) * up.at[at];
    return result;
}

void main()
{
    uint block = gl_WorkGroupID.x, row = gl_WorkGroupID.y, i = (block * Lanes + gl_LocalInvocationID.x) * 4;
    vec4 v = vec4(value(row, i), value(row, i + 1), value(row, i + 2), value(row, i + 3));
    if (GroupSize != 0) roundGroups(v, block * groupsTogether(GroupSize), groups, row, groups, GroupSize, codes, scales);
    else for (uint j = 0; j < 4 && i + j < stride; j++) y.at[row * stride + i + j] = v[j];
}
