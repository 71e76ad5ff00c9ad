#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"

// The Kept largest keys of each block of a row, in falling order. A key is a logit in bits whose order is that of the numbers, then the token's number with
// all bits turned: of equal logits the lower token is the larger key. No two are equal, so the result does not depend on the order of the steps. A number
// that is not finite has the largest of all keys, and what lies behind a row's end the smallest. Run again over its own results until a row has one block.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 256;
layout(constant_id = 1) const bool OfLogits = true;     // reads logits, not keys

const uint Keys = 2048, Kept = 64;  // of a block; powers of two, as the host counts them

layout(push_constant) uniform Arguments
{
    Words x;            // [rows, count]: logits, or keys of two words each
    WordsOut y;         // [rows, blocks, Kept, 2]
    uint count;
};

shared uint number[Keys];
shared uint turned[Keys];

bool isAbove(uint i, uint j) { return number[i] > number[j] || (number[i] == number[j] && turned[i] > turned[j]); }

// Puts the larger of two keys first, or last.
void order(uint i, uint j, bool falling)
{
    if (isAbove(j, i) != falling) return;
    uint one = number[i], other = turned[i];
    number[i] = number[j];
    turned[i] = turned[j];
    number[j] = one;
    turned[j] = other;
}

// Minus zero is the number zero.
uint numberOf(uint bits)
{
    if ((bits & 0x7F800000u) == 0x7F800000u) return 0xFFFFFFFFu;
    if (bits == 0x80000000u) bits = 0;
    return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

void main()
{
    uint lane = gl_LocalInvocationID.x, block = gl_WorkGroupID.x, row = gl_WorkGroupID.y;
    for (uint i = lane; i < Keys; i += Lanes)
    {
        uint at = block * Keys + i, from = row * count + at;
        bool inside = at < count;
        number[i] = !inside ? 0 : OfLogits ? numberOf(x.at[from]) : x.at[2 * from];
        turned[i] = !inside ? 0 : OfLogits ? ~at : x.at[2 * from + 1];
    }
    // Runs of Kept in falling order: bitonic sorts.
    for (uint size = 2; size <= Kept; size *= 2)
    {
        for (uint far = size / 2; far > 0; far /= 2)
        {
            barrier();
            for (uint pair = lane; pair < Keys / 2; pair += Lanes)
            {
                uint i = 2 * pair - (pair & (far - 1));
                order(i, i + far, size == Kept || (i & size) == 0);
            }
        }
    }
    // Of two runs the larger of the first with the last, the second with the last but one, and so on, are the largest of both; they rise at most once and
    // fall at most once, which half a sort puts in order. They stay where the first run was.
    for (uint gap = Kept; gap < Keys; gap *= 2)
    {
        uint kept = Keys / (2 * gap) * Kept;
        barrier();
        for (uint one = lane; one < kept; one += Lanes)
        {
            uint start = one / Kept * 2 * gap, i = one % Kept;
            order(start + i, start + gap + Kept - 1 - i, true);
        }
        for (uint far = Kept / 2; far > 0; far /= 2)
        {
            barrier();
            for (uint one = lane; one < kept / 2; one += Lanes)
            {
                uint start = one / (Kept / 2) * 2 * gap, pair = one % (Kept / 2), i = start + 2 * pair - (pair & (far - 1));
                order(i, i + far, true);
            }
        }
    }
    barrier();
    for (uint i = lane; i < Kept; i += Lanes)
    {
        uint to = ((row * gl_NumWorkGroups.x + block) * Kept + i) * 2;
        y.at[to] = number[i];
        y.at[to + 1] = turned[i];
    }
}
