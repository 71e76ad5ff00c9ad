#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"
#include "Shared/routes.glsl"

// What the experts of a row gave, each times its weight, in the order of the experts; first, where there is a shared block, its result times the sigmoid
// of its gate. With Add, that times a factor is added to y.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 256;
layout(constant_id = 1) const bool HasShared = false;
layout(constant_id = 2) const bool Add = false;

layout(push_constant) uniform Arguments
{
    Floats results;     // [places, resultStride]
    Floats sharedPart;  // [rows, sharedStride]
    Floats sharedGate;  // [rows, gateStride], its first column
    Words routes;
    FloatsInOut y;      // [rows, stride]
    uint rows;
    uint experts;
    uint chosen;
    uint count;
    uint resultStride;
    uint sharedStride;
    uint gateStride;
    uint stride;
    float factor;
};

void main()
{
    uint i = gl_GlobalInvocationID.x, row = gl_WorkGroupID.y;
    if (i >= count) return;
    precise float sum = HasShared ? sharedPart.at[row * sharedStride + i] / (1 + exponent(-sharedGate.at[row * gateStride])) : 0;
    for (uint j = 0; j < chosen; j++)
    {
        // The bound is never reached. Mesa 26.2's software driver runs a loop's body once more with idle lanes, and loads what all lanes share all the same: that
        // must be an address of the buffer.
        uint place = min(placeOfRow(routes, experts, rows * chosen, row * chosen + j), rows * chosen - 1);
        sum = fma(results.at[place * resultStride + i], weightOfPlace(routes, experts, rows * chosen, place), sum);
    }
    if (Add)
    {
        sum = sum * factor;
        sum = y.at[row * stride + i] + sum;
    }
    y.at[row * stride + i] = sum;
}
