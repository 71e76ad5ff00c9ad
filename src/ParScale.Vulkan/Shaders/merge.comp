#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"
#include "Shared/candidates.glsl"

// One list of the likeliest tokens for each row, from those of its slices. One workgroup a row.
layout(local_size_x = 256) in;

const uint Lanes = 256, Own = 8;

layout(push_constant) uniform Arguments
{
    Words lists;        // [rows, slices, 1 + 2 count]
    WordsOut result;    // [rows, 1 + 2 count]
    uint slices;        // at most Lanes * Own
    uint count;
};

void main()
{
    uint lane = gl_LocalInvocationID.x, row = gl_WorkGroupID.x, size = 1 + 2 * count;
    beginLists();
    // How far each of the lane's lists is used up.
    uint used[Own];
    for (uint i = 0; i < Own; i++)
    {
        used[i] = 0;
        uint slice = i * Lanes + lane;
        if (slice < slices && lists.at[(row * slices + slice) * size] != 0) atomicOr(notFinite, 1);
    }
    for (uint n = 0; n < count; n++)
    {
        uint key = 0, token = 0xFFFFFFFFu, mine = 0;
        for (uint i = 0; i < Own; i++)
        {
            uint slice = i * Lanes + lane;
            if (slice >= slices || used[i] >= count) continue;
            uint at = (row * slices + slice) * size + 1 + 2 * used[i], other = lists.at[at + 1];
            uint otherKey = other == 0xFFFFFFFFu ? 0 : keyOf(uintBitsToFloat(lists.at[at]));
            // Lists of a lane are in the order of their tokens.
            if (otherKey <= key) continue;
            key = otherKey;
            token = other;
            mine = i;
        }
        if (isBest(key, token)) used[mine]++;
        if (lane == 0) writeBest(result, row * size + 1 + 2 * n);
        barrier();
    }
    if (lane == 0) result.at[row * size] = notFinite;
}
