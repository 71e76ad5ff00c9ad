// A head of a query, a key or a value on its way to attention or into a cache: norm, clip, rotation, rounding. Needs Lanes, Norms, CacheFormat.
const uint MostSize = 512, KeyGroup = 32;

// Places in the memory that a workgroup shares: a query, and the own key and value of its row.
const uint Query = 0, OwnKey = MostSize, OwnValue = 2 * MostSize;

shared float head[3 * MostSize];
shared float partial[Lanes];
shared uint largest[MostSize / KeyGroup];

// What norms, clip and rotation need.
struct HeadRules
{
    Floats norms;       // weights: of queries, then of keys; [D] each, or as wide as the projections
    Floats cosine;      // [tokens, half_]
    Floats sine;
    uint half_;         // of the first 2 half_ numbers, the pair (x[i], x[i + half_]) turns by the token's angle i
    float epsilon;
    float clip;         // numbers are cut to plus and minus this; 0: not at all
};

float sumOfLanes(float own)
{
    uint lane = gl_LocalInvocationID.x;
    partial[lane] = own;
    for (uint width = Lanes / 2; width > 0; width /= 2)
    {
        barrier();
        if (lane < width) partial[lane] += partial[lane + width];
    }
    barrier();
    float sum = partial[0];
    barrier();
    return sum;
}

// Numbers x[first + h * size] and on, head h of `heads` in a projection that begins at x[first]. weights: where those of its norm begin. All lanes call it.
void loadHead(uint to, Floats x, uint first, uint h, uint heads, uint size, uint token, uint weights, bool isValue, HeadRules rules)
{
    uint lane = gl_LocalInvocationID.x, from = first + h * size;
    precise float root = 1;
    if (Norms != 0 && !isValue)
    {
        uint start = Norms == 1 ? from : first, count = Norms == 1 ? size : heads * size;
        precise float own = 0;
        for (uint i = lane; i < count; i += Lanes) own = fma(x.at[start + i], x.at[start + i], own);
        root = 1 / sqrt(sumOfLanes(own) / float(count) + rules.epsilon);
    }
    for (uint i = lane; i < size; i += Lanes)
    {
        precise float v = x.at[from + i];
        if (Norms != 0 && !isValue)
        {
            v = v * root;
            v = v * rules.norms.at[weights + (Norms == 1 ? i : h * size + i)];
        }
        // Not clamp(), which may lose a NaN.
        if (rules.clip != 0) v = v > rules.clip ? rules.clip : v < -rules.clip ? -rules.clip : v;
        head[to + i] = v;
    }
    // Rounding takes whole words.
    if (lane < (4 - size % 4) % 4) head[to + size + lane] = 0;
    barrier();
    if (isValue) return;
    for (uint i = lane; i < rules.half_; i += Lanes)
    {
        float c = rules.cosine.at[token * rules.half_ + i], s = rules.sine.at[token * rules.half_ + i], a = head[to + i], b = head[to + i + rules.half_];
        precise float ac = a * c, bs = b * s, bc = b * c, as = a * s;
        precise float turned = ac - bs, other = bc + as;
        head[to + i] = turned;
        head[to + i + rules.half_] = other;
    }
    barrier();
}

// Words of a slot: a number each; two numbers each; or four codes each, then scales, of 32 numbers of a key each; of a value the first is for all.
uint slotWords(uint size) { return CacheFormat == F32 ? size : CacheFormat == Bf16 ? (size + 1) / 2 : (size + 3) / 4 + (size + KeyGroup - 1) / KeyGroup; }

// Rounds a head to the cache's format where it lies, and with `keep` writes its slot too. All lanes call it.
void roundHead(uint at, uint size, bool isValue, bool keep, WordsOut cache, uint place)
{
    uint lane = gl_LocalInvocationID.x;
    if (CacheFormat == F32)
    {
        if (keep) for (uint i = lane; i < size; i += Lanes) cache.at[place + i] = floatBitsToUint(head[at + i]);
        return;
    }
    if (CacheFormat == Bf16)
    {
        for (uint i = lane; i < (size + 1) / 2; i += Lanes)
        {
            uint lower = bf16Bits(head[at + 2 * i]), upper = bf16Bits(head[at + 2 * i + 1]);
            if (keep) cache.at[place + i] = lower | upper << 16;
            head[at + 2 * i] = lowerHalf(lower);
            head[at + 2 * i + 1] = lowerHalf(upper);
        }
        barrier();
        return;
    }
    uint group = isValue ? MostSize : KeyGroup, codeWords = (size + 3) / 4;
    if (lane < MostSize / KeyGroup) largest[lane] = 0;
    barrier();
    for (uint i = lane; i < size; i += Lanes) atomicMax(largest[i / group], floatBitsToUint(head[at + i]) & 0x7FFFFFFFu);
    barrier();
    for (uint i = lane; i < codeWords; i += Lanes)
    {
        uint bits = largest[i * 4 / group];
        float most = uintBitsToFloat(bits);
        bool finite = bits < 0x7F800000u, plain = finite && most > 1e-30;
        float scale = !finite ? uintBitsToFloat(0x7FC00000u) : plain ? divide(most, 127.0) : 0;
        vec4 v = vec4(head[at + 4 * i], head[at + 4 * i + 1], head[at + 4 * i + 2], head[at + 4 * i + 3]);
        precise vec4 scaled = plain ? v * divide(127.0, most) : vec4(0);
        ivec4 code = ivec4(roundEven(scaled));
        precise vec4 stored = vec4(code) * scale;
        for (uint j = 0; j < 4; j++) head[at + 4 * i + j] = stored[j];
        if (!keep) continue;
        cache.at[place + i] = packedCodes(code);
        if (i * 4 % group == 0) cache.at[place + codeWords + i * 4 / group] = floatBitsToUint(scale);
    }
    barrier();
}

// Number d of a slot that begins at word `first`.
float number(Words values, uint first, uint size, uint d, bool isValue)
{
    if (CacheFormat == F32) return uintBitsToFloat(values.at[first + d]);
    if (CacheFormat == Bf16)
    {
        uint word = values.at[first + d / 2];
        return d % 2 == 0 ? lowerHalf(word) : upperHalf(word);
    }
    precise float result = float(bitfieldExtract(int(values.at[first + d / 4]), int(d % 4 * 8), 8))
        * uintBitsToFloat(values.at[first + (size + 3) / 4 + (isValue ? 0 : d / KeyGroup)]);
    return result;
}
