#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"

// Rounds activations to 8 bits, a block of 1,024 of a row in a workgroup.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 256;
layout(constant_id = 1) const uint GroupSize = 128;

#include "Shared/rounding.glsl"

layout(push_constant) uniform Arguments
{
    Vectors x;          // [rows, stride], zeros from the last true column on
    WordsOut codes;     // [rows, groups, GroupSize / 4]
    WordsOut scales;    // [rows, groups, 2]
    uint stride;
    uint groups;
};

void main()
{
    uint block = gl_WorkGroupID.x, row = gl_WorkGroupID.y, i = block * Lanes + gl_LocalInvocationID.x;
    roundGroups(i < groups * (GroupSize / 4) ? x.at[row * (stride / 4) + i] : vec4(0),
        block * groupsTogether(GroupSize), groups, row, groups, GroupSize, codes, scales);
}
