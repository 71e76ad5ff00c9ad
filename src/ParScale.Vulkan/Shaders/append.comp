#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "rows.glsl"

// Turns queries in place, and puts turned keys and values into the caches. One workgroup a row and head: first those of queries, then
// those of keys, then those of values. Of the first 2h numbers of a head, the pair (x[i], x[i+h]) turns by the row's angle i.
layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint Lanes = 64;
layout(constant_id = 1) const uint CacheFormat = F32;

layout(push_constant) uniform Arguments
{
    FloatsInOut query;      // [rows, queryStride]
    Floats key;             // [rows, keyStride]
    Floats value;           // [rows, keyStride]
    Floats cosine;          // [tokens, h]
    Floats sine;            // [tokens, h]
    RowTable table;         // [rows]
    uint queryStride;
    uint keyStride;
    uint heads;
    uint keyHeads;
    uint size;              // D
    uint half_;             // h
    uint layer;
};

shared float head[512];

void main()
{
    uint lane = gl_LocalInvocationID.x, which = gl_WorkGroupID.y, r = gl_WorkGroupID.x;
    Row row = rowOf(table, r);
    bool isQuery = which < heads, isKey = !isQuery && which < heads + keyHeads;
    uint h = isQuery ? which : (which - heads) % keyHeads;
    uint from = r * (isQuery ? queryStride : keyStride) + h * size;
    for (uint i = lane; i < size; i += Lanes)
    {
        if (isQuery) head[i] = query.at[from + i];
        else head[i] = isKey ? key.at[from + i] : value.at[from + i];
    }
    barrier();
    if (isQuery || isKey)
    {
        for (uint i = lane; i < half_; i += Lanes)
        {
            float c = cosine.at[row.token * half_ + i], s = sine.at[row.token * half_ + i], a = head[i], b = head[i + half_];
            head[i] = a * c - b * s;
            head[i + half_] = b * c + a * s;
        }
    }
    barrier();
    if (isQuery)
    {
        for (uint i = lane; i < size; i += Lanes) query.at[from + i] = head[i];
        return;
    }
    uint words = CacheFormat == F32 ? size : (size + 1) / 2;
    uint place = (((cacheBlock(row, layer) * 2 + (isKey ? 0 : 1)) * keyHeads + h) * row.capacity + row.position) * words;
    for (uint i = lane; i < words; i += Lanes)
    {
        if (CacheFormat == F32) row.cacheOut.at[place + i] = floatBitsToUint(head[i]);
        else row.cacheOut.at[place + i] = bf16Bits(head[2 * i]) | (2 * i + 1 < size ? bf16Bits(head[2 * i + 1]) << 16 : 0);
    }
}
