#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// y = activation(gate) * up; of SiLU alone y = silu(gate). Behind the values, y is zero up to its stride.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 256;
layout(constant_id = 1) const uint Kind = 0;        // 0 SwiGLU, 1 GeGLU with the tangent, 2 SiLU

layout(push_constant) uniform Arguments
{
    Floats gate;        // [rows, stride]
    Floats up;          // [rows, stride]
    FloatsOut y;        // [rows, stride]
    uint count;
    uint stride;
};

float silu(float x) { return x / (1 + exponent(-x)); }

float gelu(float x) { return 0.5 * x * (1 + hyperbolicTangent(0.7978845608 * (x + 0.044715 * x * x * x))); }

void main()
{
    uint i = gl_GlobalInvocationID.x, at = gl_WorkGroupID.y * stride + i;
    if (i >= stride) return;
    if (i >= count) y.at[at] = 0;
    else if (Kind == 2) y.at[at] = silu(gate.at[at]);
    else y.at[at] = (Kind == 0 ? silu(gate.at[at]) : gelu(gate.at[at])) * up.at[at];
}
