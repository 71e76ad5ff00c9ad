// Rounding to 8 bits, as the CPU does to the last bit. Needs Lanes, the lanes of the workgroup.

// a / b to the nearest, ties to even, for numbers that are positive and normal; a quotient below the normal ones is 0. The division of
// shaders may be off by some units in the last place, and results would differ from device to device.
float divide(float a, float b)
{
    uint p = floatBitsToUint(a), q = floatBitsToUint(b);
    int power = int(p >> 23) - int(q >> 23);
    uint left = (p & 0x7FFFFFu) | 0x800000u, by = (q & 0x7FFFFFu) | 0x800000u;
    if (left < by)
    {
        left <<= 1;
        power--;
    }
    // 24 bits and one to round by.
    uint quotient = 0;
    for (uint i = 0; i < 25; i++)
    {
        quotient <<= 1;
        if (left >= by)
        {
            left -= by;
            quotient |= 1;
        }
        left <<= 1;
    }
    uint bits = quotient >> 1;
    if ((quotient & 1u) != 0 && (left != 0 || (bits & 1u) != 0)) bits++;
    if (power < -126) return 0;
    // A carry out of the fraction raises the exponent, at the end to that of infinity.
    return power > 127 ? uintBitsToFloat(0x7F800000u) : uintBitsToFloat((uint(power + 126) << 23) + bits);
}

// Four codes in a word.
uint packedCodes(ivec4 code)
{
    uvec4 bytes = uvec4(code) & 0xFFu;
    return bytes.x | bytes.y << 8 | bytes.z << 16 | bytes.w << 24;
}

// Groups that a workgroup rounds at a time. No division: a size of 0 stands for what is not rounded.
uint groupsTogether(uint groupSize) { return groupSize == 64 ? Lanes / 16 : Lanes / 32; }

shared uint groupLargest[Lanes / 16];
shared int groupTotal[Lanes / 16];

// Rounds four numbers a lane, group by group: scale = largest / 127, code = round(x * (127 / largest)). All lanes call it; theirs are the groups
// from `start` on, of which those before `end` are written. codes: [rows, groups, groupSize / 4], four to a word; scales: [rows, groups, 2], the scale,
// and the sum of the codes.
void roundGroups(vec4 v, uint start, uint end, uint row, uint groups, uint groupSize, WordsOut codes, WordsOut scales)
{
    uint lane = gl_LocalInvocationID.x, groupLanes = groupSize / 4, own = lane / groupLanes, group = start + own;
    bool first = lane % groupLanes == 0;
    if (first)
    {
        groupLargest[own] = 0;
        groupTotal[own] = 0;
    }
    barrier();
    uvec4 size = floatBitsToUint(v) & 0x7FFFFFFFu;
    atomicMax(groupLargest[own], max(max(size.x, size.y), max(size.z, size.w)));
    barrier();
    uint largestBits = groupLargest[own];
    float largest = uintBitsToFloat(largestBits);
    bool finite = largestBits < 0x7F800000u;
    // As small as this they count as zeros; NaN and infinity reach the result through the scale.
    bool plain = finite && largest >= 1e-30;
    ivec4 code = ivec4(0);
    if (plain)
    {
        precise vec4 scaled = v * divide(127.0, largest);
        code = ivec4(roundEven(scaled));
    }
    atomicAdd(groupTotal[own], code.x + code.y + code.z + code.w);
    barrier();
    if (group >= end) return;
    codes.at[(row * groups + group) * groupLanes + lane % groupLanes] = packedCodes(code);
    if (!first) return;
    uint at = (row * groups + group) * 2;
    scales.at[at] = !finite ? 0x7FC00000u : plain ? floatBitsToUint(divide(largest, 127.0)) : 0u;
    scales.at[at + 1] = uint(groupTotal[own]);
}
