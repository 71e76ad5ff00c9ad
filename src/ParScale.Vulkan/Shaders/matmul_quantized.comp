#version 450
#extension GL_GOOGLE_include_directive : require

// Products with 8-bit and 4-bit weights on devices without an instruction for the dot product of four bytes.
#include "Shared/quantized.glsl"
