#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_cooperative_matrix : require
#include "groups.glsl"

// The product of many rows, with the device's matrices: they give the sums of a group, which are exact integers, in any order. Group after group a
// workgroup puts codes of both into shared memory, its subgroups multiply the matrices of the tile, and each lane adds its results' sums.
// Rows is a multiple of M.
layout(constant_id = 5) const uint M = 8;           // rows of x in a matrix
layout(constant_id = 6) const uint N = 8;           // outputs
layout(constant_id = 7) const uint K = 8;           // products that are added up

#ifdef Halves
// Codes of at most 127 as float16, summed in float32: below 128 * 127 * 127 < 2^24 nothing is rounded.
#define Element float16_t
#define Sum float
const uint WordsOfFour = 2;
#else
#define Element int8_t
#define Sum int
const uint WordsOfFour = 1;
#endif

// Words of a row in shared memory: neighbouring rows begin in other banks, and each at a multiple of 16 bytes.
const uint Stride = CodeWords * WordsOfFour + 4;
const uint WordK = 4 / WordsOfFour;                 // codes of a word

shared uint weightCodes[32 * Stride];               // [output, code]
shared uint xCodes[Rows * Stride];                  // [row, code]
shared Sum sums[Rows * 32];                         // [row, output]

// Four codes in a word, as the matrices take them.
#ifdef Halves
#define put(to, at, word) \
    { \
        ivec4 four = ivec4(bitfieldExtract(int(word), 0, 8), bitfieldExtract(int(word), 8, 8), bitfieldExtract(int(word), 16, 8), int(word) >> 24); \
        to[(at)] = packHalf2x16(vec2(four.xy)); \
        to[(at) + 1] = packHalf2x16(vec2(four.zw)); \
    }
#else
#define put(to, at, word) to[at] = word
#endif

// Nibbles 0 .. 15 of bytes stand for -8 .. 7.
uint signedNibbles(uint word) { return ((word | 0x80808080u) - 0x08080808u) ^ 0x80808080u; }

void putGroup(uint group, uint base)
{
    uint own = gl_LocalInvocationID.x, start = (gl_WorkGroupID.x * groups + group) * GroupWords * 32;
    for (uint i = own; i < GroupWords * 32; i += 256)
    {
        uint word = weights.at[start + i], at = (i % 32) * Stride;
        if (Format == Q8)
        {
            word = signedBytes(word);
            put(weightCodes, at + i / 32 * WordsOfFour, word);
        }
        else
        {
            uint lower = signedNibbles(word & 0x0F0F0F0Fu), upper = signedNibbles((word >> 4) & 0x0F0F0F0Fu);
            at += i / 32 * 2 * WordsOfFour;
            put(weightCodes, at, lower);
            put(weightCodes, at + WordsOfFour, upper);
        }
    }
    for (uint i = own; i < Rows * CodeWords; i += 256)
    {
        // Rows behind the last repeat it; nothing of theirs is written.
        uint row = min(base + i / CodeWords, rows - 1), word = codes.at[(row * groups + group) * CodeWords + i % CodeWords];
        put(xCodes, i / CodeWords * Stride + i % CodeWords * WordsOfFour, word);
    }
}

void multiplyGroup()
{
    for (uint i = gl_SubgroupID; i < (Rows / M) * (32 / N); i += gl_NumSubgroups)
    {
        uint row = i / (32 / N) * M, n = i % (32 / N) * N;
        coopmat<Sum, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator> sum = coopmat<Sum, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator>(Sum(0));
        for (uint k = 0; k < GroupSize; k += K)
        {
            coopmat<Element, gl_ScopeSubgroup, M, K, gl_MatrixUseA> a;
            coopmat<Element, gl_ScopeSubgroup, K, N, gl_MatrixUseB> b;
            coopMatLoad(a, xCodes, row * Stride + k / WordK, Stride, gl_CooperativeMatrixLayoutRowMajor);
            coopMatLoad(b, weightCodes, n * Stride + k / WordK, Stride, gl_CooperativeMatrixLayoutColumnMajor);
            sum = coopMatMulAdd(a, b, sum);
        }
        coopMatStore(sum, sums, row * 32 + n, 32, gl_CooperativeMatrixLayoutRowMajor);
    }
}

void main()
{
    uint lane = gl_LocalInvocationID.x % 32, part = gl_LocalInvocationID.x / 32, tile = gl_WorkGroupID.x, n = tile * 32 + lane, base = gl_WorkGroupID.y * Rows;
    precise float result[Results];
    for (uint i = 0; i < Results; i++) result[i] = 0;
    for (uint group = 0; group < groups; group++)
    {
        putGroup(group, base);
        barrier();
        multiplyGroup();
        // The next group's codes may come in now; its sums only behind the barrier that follows them.
        barrier();
        float scale = scaleOfWeights(tile, group, lane);
        for (uint i = 0; i < Results; i++)
        {
            uint r = i * 8 + part, row = min(base + r, rows - 1);
            result[i] = addGroup(int(sums[r * 32 + lane]), scale, row * groups + group, result[i]);
        }
    }
    for (uint i = 0; i < Results; i++)
    {
        uint row = base + i * 8 + part;
        if (n < outputs && row < rows) putResult(row, n, result[i]);
    }
}
