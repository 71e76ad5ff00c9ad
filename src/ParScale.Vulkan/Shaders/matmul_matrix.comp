#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require

// Products of many rows with 8-bit and 4-bit weights on devices with matrices of 8-bit integers.
#include "Shared/matrix.glsl"
