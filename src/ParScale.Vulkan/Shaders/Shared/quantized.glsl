#include "common.glsl"
#include "routes.glsl"

// y[r][n] = sum over groups of (scale of the weights * scale of x) * integer sum of the group, and a bias. The integer sums are exact and
// the groups are added one after the other, so the bits are those of the CPU.
// 32 rows of the weights are a tile; lane = row, and neighbouring lanes read neighbouring words. Eight parts of a workgroup take eight
// groups at a time; then every result adds up its eight sums in order. Rows of x, Add and experts: as in matmul_float.
layout(local_size_x = 256) in;
layout(constant_id = 0) const uint Rows = 1;        // of x, at a time
layout(constant_id = 1) const uint Format = Q8;
layout(constant_id = 2) const bool HasBias = false;
layout(constant_id = 3) const bool Add = false;
layout(constant_id = 4) const uint Which = AllRows;
layout(constant_id = 5) const bool RoundsOnce = false;

#include "multiplyadd.glsl"

const uint Parts = 8;
const uint GroupSize = Format == Q8 ? 128 : 64;
const uint GroupWords = Format == Q8 ? 32 : 8;      // of a row of the weights
const uint Results = (Rows + 7) / 8;                // of a lane

layout(push_constant) uniform Arguments
{
    Words weights;      // [tiles, words of a row, 32], as in a file
    Words scales;       // bfloat16 [tiles, groups, 32]: two rows in a word
    Words codes;        // [rows, groups, GroupSize / 4]
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

shared int sums[Parts * Rows * 32];

#ifdef IntegerDot
// OpSDotKHR of four signed bytes in a word, which this GLSL has no name for.
spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6018, 6019], id = 4450)
int dotOfBytes(uint a, uint b, spirv_literal uint format);

int dot4(uint a, uint b)
{
    return dotOfBytes(a, b, 0u);
}
#else
int dot4(uint a, uint b)
{
    ivec4 p = ivec4(bitfieldExtract(int(a), 0, 8), bitfieldExtract(int(a), 8, 8), bitfieldExtract(int(a), 16, 8), int(a) >> 24);
    ivec4 q = ivec4(bitfieldExtract(int(b), 0, 8), bitfieldExtract(int(b), 8, 8), bitfieldExtract(int(b), 16, 8), int(b) >> 24);
    return p.x * q.x + p.y * q.y + p.z * q.z + p.w * q.w;
}
#endif

void main()
{
    uint lane = gl_LocalInvocationID.x % 32, part = gl_LocalInvocationID.x / 32, expert = Which == AllRows ? 0 : gl_WorkGroupID.y;
    uint tile = expert * gl_NumWorkGroups.x + gl_WorkGroupID.x, n = gl_WorkGroupID.x * 32 + lane;
    uint start = gl_WorkGroupID.y * Rows, end = min(start + Rows, rows);
    if (Which != AllRows)
    {
        start = firstPlace(routes, expert);
        end = firstPlace(routes, expert + 1);
    }
    for (uint base = start; base < end; base += Rows)
    {
        uint from[Rows];
        for (uint r = 0; r < Rows; r++)
        {
            uint row = min(base + r, end - 1);
            from[r] = (Which == RowsOfExperts ? rowOfPlace(routes, gl_NumWorkGroups.y, row) : row) * groups;
        }
        precise float result[Results];
        for (uint i = 0; i < Results; i++) result[i] = 0;
        for (uint first = 0; first < groups; first += Parts)
        {
            uint group = first + part;
            if (group < groups)
            {
                int sum[Rows];
                for (uint r = 0; r < Rows; r++) sum[r] = 0;
                uint at = (tile * groups + group) * GroupWords * 32 + lane;
                for (uint i = 0; i < GroupWords; i++)
                {
                    uint word = weights.at[at + i * 32];
                    if (Format == Q8)
                    {
                        // Bytes 1 .. 255 stand for -127 .. 127.
                        word ^= 0x80808080u;
                        for (uint r = 0; r < Rows; r++) sum[r] += dot4(word, codes.at[(from[r] + group) * 32 + i]);
                    }
                    else
                    {
                        uint lower = word & 0x0F0F0F0Fu, upper = (word >> 4) & 0x0F0F0F0Fu;
                        for (uint r = 0; r < Rows; r++)
                        {
                            uint code = (from[r] + group) * 16 + i * 2;
                            sum[r] += dot4(lower, codes.at[code]) + dot4(upper, codes.at[code + 1]);
                        }
                    }
                }
                for (uint r = 0; r < Rows; r++)
                {
                    // Nibbles 0 .. 15 stand for -8 .. 7.
                    if (Format == Q4) sum[r] -= 8 * int(xScales.at[(from[r] + group) * 2 + 1]);
                    sums[(part * Rows + r) * 32 + lane] = sum[r];
                }
            }
            barrier();
            uint count = min(Parts, groups - first);
            for (uint i = 0; i < Results; i++)
            {
                uint r = i * 8 + part;
                if (r >= Rows) continue;
                for (uint j = 0; j < count; j++)
                {
                    uint at = (tile * groups + first + j) * 32 + lane, pair = scales.at[at / 2];
                    precise float scale = (at % 2 == 0 ? lowerHalf(pair) : upperHalf(pair)) * uintBitsToFloat(xScales.at[(from[r] + first + j) * 2]);
                    result[i] = multiplyAdd(sums[(j * Rows + r) * 32 + lane], scale, result[i]);
                }
            }
            barrier();
        }
        for (uint i = 0; i < Results; i++)
        {
            uint r = i * 8 + part, at = (base + r) * yStride + n;
            if (n >= outputs || r >= Rows || base + r >= end) continue;
            precise float total = result[i];
            if (HasBias) total = total + bias.at[n];
            if (Add)
            {
                total = total * factor;
                total = y.at[at] + total;
            }
            y.at[at] = total;
        }
    }
}
