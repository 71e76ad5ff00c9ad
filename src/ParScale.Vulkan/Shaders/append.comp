#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"
#include "Shared/rows.glsl"

// Puts keys, which norm, clip and rotation have changed, and values into the caches. One workgroup a row and head: those of keys, then those of values.
layout(local_size_x = 128) in;
layout(constant_id = 0) const uint CacheFormat = F32;
layout(constant_id = 1) const uint Norms = 0;       // 0: none, 1: of each head, 2: of the whole projection

const uint Lanes = 128;

#include "Shared/rounding.glsl"
#include "Shared/heads.glsl"

layout(push_constant) uniform Arguments
{
    Floats key;         // [rows, stride]
    Floats value;       // [rows, stride]
    Floats norms;       // weights of queries, then of keys
    Floats cosine;      // [tokens, half]
    Floats sine;        // [tokens, half]
    RowTable table;     // [rows]
    uint stride;
    uint heads;         // of queries, and from bit 16 on of keys
    uint sizes;         // D, and from bit 16 on the half of what turns
    uint layer;
    float epsilon;
    float clip;
};

void main()
{
    uint which = gl_WorkGroupID.y, r = gl_WorkGroupID.x, keyHeads = heads >> 16, size = sizes & 0xFFFFu, h = which % keyHeads;
    Row row = rowOf(table, r);
    if (row.helper) return;
    bool isValue = which >= keyHeads;
    HeadRules rules = HeadRules(norms, cosine, sine, sizes >> 16, epsilon, clip);
    uint weights = Norms == 1 ? size : (heads & 0xFFFFu) * size;
    if (isValue) loadHead(OwnValue, value, r * stride, h, keyHeads, size, row.token, weights, true, rules);
    else loadHead(OwnKey, key, r * stride, h, keyHeads, size, row.token, weights, false, rules);
    uint place = (((cacheBlock(row, layer) * 2 + (isValue ? 1 : 0)) * keyHeads + h) * row.capacity + row.position) * slotWords(size);
    roundHead(isValue ? OwnValue : OwnKey, size, isValue, true, row.cacheOut, place);
}
