// Lists of tokens by falling score, of equal scores by token: first whether a logit of theirs was not finite, then pairs of a score and a token.
// Behind the last token of a list that is longer stand minus infinity and 0xFFFFFFFF.
shared uint bestKey, bestToken, notFinite;

// Numbers whose order is that of scores; minus and plus zero are one. 0 is below all.
uint keyOf(float score)
{
    uint bits = floatBitsToUint(score);
    if (bits == 0x80000000u) bits = 0;
    return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

float scoreOf(uint key) { return uintBitsToFloat((key & 0x80000000u) != 0 ? key & 0x7FFFFFFFu : ~key); }

// All lanes call these two.
void beginLists()
{
    if (gl_LocalInvocationID.x == 0) notFinite = 0;
    barrier();
}

// Whether a lane's candidate is the best of all lanes'. A key of 0 is no candidate.
bool isBest(uint key, uint token)
{
    if (gl_LocalInvocationID.x == 0)
    {
        bestKey = 0;
        bestToken = 0xFFFFFFFFu;
    }
    barrier();
    atomicMax(bestKey, key);
    barrier();
    if (key == bestKey && key != 0) atomicMin(bestToken, token);
    barrier();
    return key == bestKey && key != 0 && token == bestToken;
}

void writeBest(WordsOut list, uint at)
{
    list.at[at] = bestKey == 0 ? 0xFF800000u : floatBitsToUint(scoreOf(bestKey));
    list.at[at + 1] = bestToken;
}
