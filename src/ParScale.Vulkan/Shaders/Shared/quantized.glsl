#include "groups.glsl"
#include "routes.glsl"

// The product of few rows. Lane = row of the weights, and neighbouring lanes read neighbouring words. Eight parts of a workgroup take eight
// groups at a time; then every result adds up its eight sums in order. Rows of x and experts: as in matmul_float.
layout(constant_id = 5) const uint Which = AllRows;

const uint Parts = 8;

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
                        word = signedBytes(word);
                        for (uint r = 0; r < Rows; r++) sum[r] += dot4(word, codes.at[(from[r] + group) * CodeWords + i]);
                    }
                    else
                    {
                        uint lower = word & 0x0F0F0F0Fu, upper = (word >> 4) & 0x0F0F0F0Fu;
                        for (uint r = 0; r < Rows; r++)
                        {
                            uint code = (from[r] + group) * CodeWords + i * 2;
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
                    result[i] = addGroup(sums[(j * Rows + r) * 32 + lane], scaleOfWeights(tile, first + j, lane), from[r] + first + j, result[i]);
            }
            barrier();
        }
        for (uint i = 0; i < Results; i++)
        {
            uint r = i * 8 + part;
            if (n < outputs && r < Rows && base + r < end) putResult(base + r, n, result[i]);
        }
    }
}
