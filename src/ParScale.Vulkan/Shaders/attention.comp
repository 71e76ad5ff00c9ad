#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"
#include "Shared/rows.glsl"

// Attention of some heads of a row over the slots of its prefix, all of which it sees, and its tokens up to its own or as many of the last
// ones as the window has; blocks of as many slots as there are lanes, with a running maximum and sum. The own key and value of a row come from the
// caches, or from the projections: those of a helper, which keeps nothing, and with Append those of all rows, which are put into the caches beside.
// No other row of the pass sees them then. One workgroup has as many heads as fill whole groups of what is rounded; without rounding it has one.
layout(local_size_x = 128) in;
layout(constant_id = 0) const uint CacheFormat = F32;
layout(constant_id = 1) const uint Norms = 0;       // as append has it
layout(constant_id = 2) const bool Shared = false;  // queries, keys and values are those of tokens, not of rows
layout(constant_id = 3) const bool Append = false;
layout(constant_id = 4) const uint GroupSize = 0;   // 0: not rounded

const uint Lanes = 128, Parts = 512 / Lanes, MostNumbers = 1024;

#include "Shared/rounding.glsl"
#include "Shared/heads.glsl"

layout(push_constant) uniform Arguments
{
    Floats query;       // [tokens or rows, queryStride]
    Floats key;         // [tokens or rows, keyStride]
    Floats value;       // [tokens or rows, keyStride]
    Floats norms;       // weights of queries, then of keys
    Floats cosine;      // [tokens, half]
    Floats sine;        // [tokens, half]
    RowTable table;     // [rows]
    FloatsOut y;        // [rows, yStride]
    WordsOut codes;     // [rows, groups, GroupSize / 4]
    WordsOut scales;    // [rows, groups, 2]
    uint queryStride;
    uint keyStride;
    uint yStride;       // or, of what is rounded, groups
    uint heads;         // of queries, and from bit 16 on of keys
    uint sizes;         // D, and from bit 16 on the half of what turns
    uint layer;
    uint window;        // tokens that are seen, the own one included
    float scale;
    float softCap;      // 0 for none
    float epsilon;
    float clip;
    uint firstRow;
};

shared float weight[Lanes];
shared float result[MostNumbers];

// Of the query and the key that begins at word `first`.
float productWith(Words values, uint first, uint size)
{
    precise float product = 0;
    for (uint d = 0; d < size; d++) product = fma(head[Query + d], number(values, first, size, d, false), product);
    return product;
}

void oneHead(Row row, uint r, uint h, uint to)
{
    uint lane = gl_LocalInvocationID.x, size = sizes & 0xFFFFu, queryHeads = heads & 0xFFFFu, keyHeads = heads >> 16;
    uint group = queryHeads / keyHeads, keyHead = h / group, from = Shared ? row.token : r, words = slotWords(size);
    HeadRules rules = HeadRules(norms, cosine, sine, sizes >> 16, epsilon, clip);
    // Slots before the first that the window shows are left out.
    uint seen = row.position + 1, start = seen > window ? seen - window : 0, count = row.slots + seen - start;
    uint block = cacheBlock(row, layer) * 2 * keyHeads + keyHead, prefixBlock = (layer * row.prefixStreams + row.prefixStream) * 2 * keyHeads + keyHead;
    barrier();
    loadHead(Query, query, from * queryStride, h, queryHeads, size, row.token, 0, false, rules);
    // In layer 0 a helper's key and value are those of its anchor.
    bool own = Append || (row.helper && layer != 0);
    if (own)
    {
        // Queries that share a key, and in layer 0 streams, have the same: one of them keeps it.
        bool keep = Append && !row.helper && h % group == 0 && (layer != 0 || row.stream == 0);
        uint place = (block * row.capacity + row.position) * words;
        loadHead(OwnKey, key, from * keyStride, keyHead, keyHeads, size, row.token, Norms == 1 ? size : queryHeads * size, false, rules);
        roundHead(OwnKey, size, false, keep, row.cacheOut, place);
        loadHead(OwnValue, value, from * keyStride, keyHead, keyHeads, size, row.token, 0, true, rules);
        roundHead(OwnValue, size, true, keep, row.cacheOut, place + keyHeads * row.capacity * words);
    }

    // Precise: a step alone and one beside a prompt are two pipelines, which must not differ in what they fuse.
    float largestScore = uintBitsToFloat(0xFF800000u);
    precise float sum = 0;
    float total[Parts];
    for (uint i = 0; i < Parts; i++) total[i] = 0;
    for (uint base = 0; base < count; base += Lanes)
    {
        uint slot = base + lane;
        precise float score = uintBitsToFloat(0xFF800000u);
        if (slot < count)
        {
            precise float product = 0;
            if (own && slot == count - 1) for (uint d = 0; d < size; d++) product = fma(head[Query + d], head[OwnKey + d], product);
            else if (slot < row.slots) product = productWith(row.prefix, (prefixBlock * row.slots + slot) * words, size);
            else product = productWith(row.cacheIn, (block * row.capacity + start + slot - row.slots) * words, size);
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
        float most = max(largestScore, partial[0]), factor = exponent(largestScore - most), ownWeight = slot < count ? exponent(score - most) : 0;
        weight[lane] = ownWeight;
        barrier();
        sum = sum * factor + sumOfLanes(ownWeight);
        largestScore = most;
        uint inBlock = min(Lanes, count - base);
        for (uint i = 0; i < Parts; i++)
        {
            uint d = i * Lanes + lane;
            if (d >= size) break;
            precise float added = total[i] * factor;
            for (uint j = 0; j < inBlock; j++)
            {
                uint s = base + j;
                float v = own && s == count - 1 ? head[OwnValue + d]
                    : s < row.slots ? number(row.prefix, ((prefixBlock + keyHeads) * row.slots + s) * words, size, d, true)
                    : number(row.cacheIn, ((block + keyHeads) * row.capacity + start + s - row.slots) * words, size, d, true);
                added = fma(weight[j], v, added);
            }
            total[i] = added;
        }
        barrier();
    }
    for (uint i = 0; i < Parts; i++)
    {
        uint d = i * Lanes + lane;
        if (d >= size) break;
        precise float mean = total[i] / sum;
        if (GroupSize == 0) y.at[r * yStride + h * size + d] = mean;
        else result[to + d] = mean;
    }
}

// Heads whose numbers fill whole groups.
uint headsTogether(uint size)
{
    uint together = 1;
    if (GroupSize != 0) while (together * size % GroupSize != 0) together++;
    return together;
}

void main()
{
    uint lane = gl_LocalInvocationID.x, r = firstRow + gl_WorkGroupID.x, size = sizes & 0xFFFFu, together = headsTogether(size), first = gl_WorkGroupID.y * together;
    Row row = rowOf(table, r);
    if (GroupSize != 0)
        for (uint i = lane; i < MostNumbers; i += Lanes) result[i] = 0;
    for (uint i = 0; i < together && first + i < (heads & 0xFFFFu); i++) oneHead(row, r, first + i, i * size);
    if (GroupSize == 0) return;
    barrier();
    uint width = together * size, start = first * size / GroupSize, end = min(yStride, start + width / GroupSize);
    for (uint block = 0; block * Lanes * 4 < width; block++)
    {
        uint at = (block * Lanes + lane) * 4;
        vec4 v = at < width ? vec4(result[at], result[at + 1], result[at + 2], result[at + 3]) : vec4(0);
        roundGroups(v, start + block * groupsTogether(GroupSize), end, r, yStride, GroupSize, codes, scales);
    }
}
