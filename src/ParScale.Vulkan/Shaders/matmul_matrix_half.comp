#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require

// The same on devices whose matrices are of float16 only.
#define Halves
#include "Shared/matrix.glsl"
