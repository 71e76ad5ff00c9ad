// The rows of a pass: what each belongs to. One entry of 16 words for each, written by the host.

layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer RowTable { uvec4 at[]; };

struct Row
{
    Words cacheIn;      // of the sequence
    WordsOut cacheOut;  // the same
    Words prefix;       // of its set of streams
    uint slots;         // of the prefix; 0 where it has none
    uint prefixStream;  // which of the prefix's
    uint prefixStreams; // that the prefix has
    uint stream;        // which of the sequence's
    uint streams;       // that the cache has
    uint capacity;      // of the cache, in tokens
    uint position;      // of the row's token
    uint token;         // which of the pass's tokens
    bool helper;        // of an anchored set: keeps nothing, and sees its own key and value beside the tokens before its own
};

Row rowOf(RowTable table, uint row)
{
    uvec4 a = table.at[row * 4], b = table.at[row * 4 + 1], c = table.at[row * 4 + 2];
    Row result;
    result.cacheIn = Words(a.xy);
    result.cacheOut = WordsOut(a.xy);
    result.prefix = Words(a.zw);
    result.slots = b.x;
    result.prefixStream = b.y;
    result.stream = b.z;
    result.streams = b.w;
    result.capacity = c.x;
    result.position = c.y;
    result.token = c.z;
    result.prefixStreams = c.w;
    result.helper = table.at[row * 4 + 3].x != 0;
    return result;
}

// In a cache, layer 0 has one stream and the others have all: [blocks, keys or values, heads, capacity, a slot].
uint cacheBlock(Row row, uint layer) { return layer == 0 ? 0 : 1 + (layer - 1) * row.streams + row.stream; }
