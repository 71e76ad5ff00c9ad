#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"
#include "Shared/candidates.glsl"

// The likeliest tokens of a slice of a row's logits, after what its sampler changes: a list for each row and slice. Logits are divided and capped in
// place first, where the model does so. One workgroup a slice and row.
layout(local_size_x = 256) in;
layout(constant_id = 0) const bool Finish = false;  // divide and cap

const uint Lanes = 256, Slice = 2048, Own = Slice / Lanes;

#include "Shared/rounding.glsl"

layout(push_constant) uniform Arguments
{
    FloatsInOut logits; // [rows, stride]
    Words changes;      // [rows, 4]: the first change, the one behind the last, and where the mask begins or 0; then what these mean, in words
    WordsOut lists;     // [rows, slices, 1 + 2 count]
    uint vocabulary;
    uint stride;
    uint count;
    float divisor;
    float cap;          // 0: none
};

shared float scores[Slice];

// Correctly rounded; what is not a normal number counts as 0.
float exactQuotient(float a, float b)
{
    if (!(abs(a) >= 1.17549435e-38)) return a == 0 || abs(a) < 1.17549435e-38 ? 0 : a;
    if ((floatBitsToUint(a) & 0x7FFFFFFFu) >= 0x7F800000u) return a;
    return a < 0 ? -divide(-a, b) : divide(a, b);
}

void main()
{
    uint lane = gl_LocalInvocationID.x, row = gl_WorkGroupID.y, base = gl_WorkGroupID.x * Slice;
    beginLists();
    bool finite = true;
    for (uint i = lane; i < Slice; i += Lanes)
    {
        float score = 0;
        if (base + i < vocabulary)
        {
            uint at = row * stride + base + i;
            score = logits.at[at];
            if (Finish)
            {
                if (divisor != 1) score = exactQuotient(score, divisor);
                if (cap != 0) score = cap * hyperbolicTangent(score / cap);
                logits.at[at] = score;
            }
            finite = finite && (floatBitsToUint(score) & 0x7FFFFFFFu) < 0x7F800000u;
        }
        scores[i] = score;
    }
    barrier();
    if (!finite) atomicOr(notFinite, 1);
    uint first = changes.at[row * 4], end = changes.at[row * 4 + 1], mask = changes.at[row * 4 + 2];
    // No token is changed twice.
    for (uint c = first + lane * 4; c < end; c += Lanes * 4)
    {
        uint place = changes.at[c] - base;
        if (place >= Slice) continue;
        float repetition = uintBitsToFloat(changes.at[c + 1]);
        precise float score = scores[place];
        if (repetition != 1) score = score > 0 ? exactQuotient(score, repetition) : score * repetition;
        score = score - uintBitsToFloat(changes.at[c + 2]);
        score = score + uintBitsToFloat(changes.at[c + 3]);
        scores[place] = score;
    }
    barrier();
    uint keys[Own];
    for (uint i = 0; i < Own; i++)
    {
        uint place = i * Lanes + lane, token = base + place;
        bool allowed = token < vocabulary && (mask == 0 || (changes.at[mask + token / 32] >> (token % 32) & 1u) != 0);
        // Behind what is masked comes what is no token.
        keys[i] = allowed ? keyOf(scores[place]) : token < vocabulary ? keyOf(uintBitsToFloat(0xFF800000u)) : 0;
    }
    uint list = (row * gl_NumWorkGroups.x + gl_WorkGroupID.x) * (1 + 2 * count);
    for (uint n = 0; n < count; n++)
    {
        uint key = 0, mine = 0;
        for (uint i = 0; i < Own; i++)
        {
            if (keys[i] <= key) continue;
            key = keys[i];
            mine = i;
        }
        uint token = base + mine * Lanes + lane;
        if (isBest(key, token)) keys[mine] = 0;
        if (lane == 0) writeBest(lists, list + 1 + 2 * n);
        barrier();
    }
    if (lane == 0) lists.at[list] = notFinite;
}
