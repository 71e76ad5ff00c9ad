#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_spirv_intrinsics : require

// The same with an instruction for the dot product of four bytes. Its sums are exact too, so the bits are the same.
#define IntegerDot
#include "Shared/quantized.glsl"
