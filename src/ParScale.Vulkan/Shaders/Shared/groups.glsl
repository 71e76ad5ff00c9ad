#include "common.glsl"

// What products with 8-bit and 4-bit weights share: y[r][n] = sum over groups of (scale of the weights * scale of x) * integer sum of the group, and a
// bias. The integer sums are exact and each result adds its groups one after the other, so the bits are those of the CPU, and of each other.
// 32 rows of the weights are a tile. A workgroup has one of them and some rows of x; when groups are added up, a lane has the row of its number
// modulo 32, and each eighth row of x.
layout(local_size_x = 256) in;
layout(constant_id = 0) const uint Rows = 32;       // of x, at a time
layout(constant_id = 1) const uint Format = Q8;
layout(constant_id = 2) const bool HasBias = false;
layout(constant_id = 3) const bool Add = false;
layout(constant_id = 4) const bool RoundsOnce = false;

const uint GroupSize = Format == Q8 ? 128 : 64;
const uint GroupWords = Format == Q8 ? 32 : 8;      // of a row of the weights
const uint CodeWords = GroupSize / 4;               // of a row of x
const uint Results = (Rows + 7) / 8;                // of a lane

layout(push_constant) uniform Arguments
{
    Words weights;      // [tiles, words of a row, 32], as in a file
    Words scales;       // bfloat16 [tiles, groups, 32]: two rows in a word
    Words codes;        // [rows, groups, CodeWords]
    Words xScales;      // [rows, groups, 2]: the scale, and the sum of the codes
    Floats bias;        // [outputs]
    FloatsInOut y;      // [rows, yStride]
    Words routes;       // of experts
    uint groups;
    uint outputs;
    uint yStride;
    uint rows;          // of x and y
    float factor;
};

#include "multiplyadd.glsl"
#include "result.glsl"

// Bytes 1 .. 255 of the weights stand for -127 .. 127.
uint signedBytes(uint word) { return word ^ 0x80808080u; }

float scaleOfWeights(uint tile, uint group, uint lane)
{
    uint at = (tile * groups + group) * 32 + lane, pair = scales.at[at / 2];
    return at % 2 == 0 ? lowerHalf(pair) : upperHalf(pair);
}

// Adds the sum of a group's products, times both scales. xGroup: the group of x, counted over all rows.
float addGroup(int sum, float weightScale, uint xGroup, float result)
{
    precise float scale = weightScale * uintBitsToFloat(xScales.at[xGroup * 2]);
    return multiplyAdd(sum, scale, result);
}
