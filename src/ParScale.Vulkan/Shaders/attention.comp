#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "rows.glsl"

// Attention of one row and head over the slots of its prefix, all of which it sees, and its tokens up to its own or as many of the last
// ones as the window has. One workgroup a row and head; blocks of as many slots as there are lanes, with a running maximum and sum.
layout(local_size_x = 128) in;
layout(constant_id = 0) const uint CacheFormat = F32;
layout(constant_id = 1) const bool Shared = false;  // queries are those of tokens, not of rows

const uint Lanes = 128, MostSize = 512, Parts = MostSize / Lanes;

layout(push_constant) uniform Arguments
{
    Floats query;       // [tokens or rows, queryStride]
    FloatsOut y;        // [rows, yStride]
    RowTable table;     // [rows]
    uint queryStride;
    uint yStride;
    uint heads;
    uint keyHeads;
    uint size;          // D, at most MostSize
    uint layer;
    uint window;        // tokens that are seen, the own one included
    float scale;
    float softCap;      // 0 for none
};

shared float q[MostSize];
shared float weight[Lanes];
shared float partial[Lanes];

float number(Words values, uint first, uint d)
{
    if (CacheFormat == F32) return uintBitsToFloat(values.at[first + d]);
    uint word = values.at[first + d / 2];
    return d % 2 == 0 ? lowerHalf(word) : upperHalf(word);
}

void main()
{
    uint lane = gl_LocalInvocationID.x, r = gl_WorkGroupID.x, h = gl_WorkGroupID.y, keyHead = h / (heads / keyHeads);
    Row row = rowOf(table, r);
    uint from = (Shared ? row.token : r) * queryStride + h * size;
    for (uint i = lane; i < size; i += Lanes) q[i] = query.at[from + i];

    uint words = CacheFormat == F32 ? size : (size + 1) / 2;
    // Slots before the first that the window shows are left out.
    uint seen = row.position + 1, start = seen > window ? seen - window : 0, count = row.slots + seen - start;
    uint block = cacheBlock(row, layer) * 2 * keyHeads + keyHead, prefixBlock = (layer * row.prefixStreams + row.prefixStream) * 2 * keyHeads + keyHead;

    float largest = uintBitsToFloat(0xFF800000u), sum = 0;
    float result[Parts];
    for (uint i = 0; i < Parts; i++) result[i] = 0;
    barrier();
    for (uint base = 0; base < count; base += Lanes)
    {
        uint slot = base + lane;
        float score = uintBitsToFloat(0xFF800000u);
        if (slot < count)
        {
            bool learned = slot < row.slots;
            uint at = learned ? (prefixBlock * row.slots + slot) * words : (block * row.capacity + start + slot - row.slots) * words;
            float product = 0;
            if (learned) for (uint d = 0; d < size; d++) product = fma(q[d], number(row.prefix, at, d), product);
            else for (uint d = 0; d < size; d++) product = fma(q[d], number(row.cacheIn, at, d), product);
            score = product * scale;
            if (softCap != 0) score = softCap * hyperbolicTangent(score / softCap);
        }
        partial[lane] = score;
        for (uint width = Lanes / 2; width > 0; width /= 2)
        {
            barrier();
            if (lane < width) partial[lane] = max(partial[lane], partial[lane + width]);
        }
        barrier();
        float most = max(largest, partial[0]), factor = exponent(largest - most);
        float own = slot < count ? exponent(score - most) : 0;
        weight[lane] = own;
        barrier();
        partial[lane] = own;
        for (uint width = Lanes / 2; width > 0; width /= 2)
        {
            barrier();
            if (lane < width) partial[lane] += partial[lane + width];
        }
        barrier();
        sum = sum * factor + partial[0];
        largest = most;
        uint inBlock = min(Lanes, count - base);
        for (uint i = 0; i < Parts; i++)
        {
            uint d = i * Lanes + lane;
            if (d >= size) break;
            float total = result[i] * factor;
            for (uint j = 0; j < inBlock; j++)
            {
                uint s = base + j;
                float v = s < row.slots ? number(row.prefix, ((prefixBlock + keyHeads) * row.slots + s) * words, d)
                    : number(row.cacheIn, ((block + keyHeads) * row.capacity + start + s - row.slots) * words, d);
                total = fma(weight[j], v, total);
            }
            result[i] = total;
        }
        barrier();
    }
    for (uint i = 0; i < Parts; i++)
    {
        uint d = i * Lanes + lane;
        if (d < size) y.at[r * yStride + h * size + d] = result[i] / sum;
    }
}
