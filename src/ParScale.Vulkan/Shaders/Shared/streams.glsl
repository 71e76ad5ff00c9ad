// Where the states of a token's streams are. Needs Anchored, and a table of pairs named `table`. Of an ordinary set each token has the row of stream 0 and
// the rows from a stream to the next; of an anchored one the rows of its anchor and of its first helper, and bit p for each stream p that runs.
bool runs(uint token, uint stream)
{
    if (!Anchored) return true;
    uvec2 running = table.at[token * 2 + 1];
    return ((stream < 32 ? running.x >> stream : running.y >> (stream - 32)) & 1u) != 0;
}

uint streamsThatRun(uint token, uint streams)
{
    if (!Anchored) return streams;
    uvec2 running = table.at[token * 2 + 1];
    return uint(bitCount(running.x) + bitCount(running.y));
}

// Only of a stream that runs.
uint rowOfStream(uint token, uint stream)
{
    if (!Anchored) return table.at[token].x + stream * table.at[token].y;
    uvec2 rows = table.at[token * 2], running = table.at[token * 2 + 1];
    if (stream == 0) return rows.x;
    // The helpers before it, and the anchor.
    uint lower = stream < 32 ? running.x & ((1u << stream) - 1) : running.x, upper = stream <= 32 ? 0 : running.y & ((1u << (stream - 32)) - 1);
    return rows.y + uint(bitCount(lower) + bitCount(upper)) - 1;
}
