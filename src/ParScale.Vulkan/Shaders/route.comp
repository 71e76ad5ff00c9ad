#version 450
#extension GL_GOOGLE_include_directive : require
#include "Shared/common.glsl"

// Chooses the experts of each row: softmax over all, the most probable ones, of equal ones those of lower number; and sorts the choices by expert,
// then by row. One workgroup for all rows, of which there are at most as many as lanes. What it writes is described in routes.glsl.
layout(local_size_x = 256) in;

const uint Lanes = 256, MostChosen = 12, MostExperts = 512;

layout(push_constant) uniform Arguments
{
    Floats logits;      // [rows, stride]
    WordsOut routes;
    uint rows;
    uint stride;
    uint experts;       // at most MostExperts
    uint chosen;        // at most MostChosen
    uint normalized;    // whether the weights of a row are divided by their sum
};

shared uint choices[Lanes * MostChosen];    // experts, later places
shared uint starts[MostExperts + 1];

void main()
{
    uint lane = gl_LocalInvocationID.x, count = rows * chosen;
    uint own[MostChosen];
    float weight[MostChosen];
    if (lane < rows)
    {
        uint at = lane * stride;
        float largest = logits.at[at], sum = 0;
        for (uint e = 1; e < experts; e++) largest = max(largest, logits.at[at + e]);
        for (uint e = 0; e < experts; e++) sum += exponent(logits.at[at + e] - largest);
        float total = 0;
        for (uint i = 0; i < chosen; i++)
        {
            uint best = experts;
            float share = 0;
            for (uint e = 0; e < experts; e++)
            {
                bool taken = false;
                for (uint j = 0; j < i; j++) taken = taken || own[j] == e;
                if (taken) continue;
                float other = exponent(logits.at[at + e] - largest) / sum;
                if (best < experts && !(other > share)) continue;
                best = e;
                share = other;
            }
            own[i] = best;
            weight[i] = share;
            choices[lane * chosen + i] = best;
            total += share;
        }
        if (normalized != 0) for (uint i = 0; i < chosen; i++) weight[i] /= total;
    }
    barrier();
    for (uint e = lane; e < experts; e += Lanes)
    {
        uint rowsOfExpert = 0;
        for (uint i = 0; i < count; i++) rowsOfExpert += choices[i] == e ? 1 : 0;
        starts[e + 1] = rowsOfExpert;
    }
    barrier();
    if (lane == 0)
    {
        starts[0] = 0;
        for (uint e = 0; e < experts; e++) starts[e + 1] += starts[e];
    }
    barrier();
    uint rowList = experts + 1, weightList = rowList + count, placeList = weightList + count;
    for (uint e = lane; e <= experts; e += Lanes) routes.at[e] = starts[e];
    // Places of an expert, marked so that no other takes them for its number.
    for (uint e = lane; e < experts; e += Lanes)
    {
        uint place = starts[e];
        for (uint i = 0; i < count; i++)
        {
            if (choices[i] != e) continue;
            choices[i] = place | 0x80000000u;
            routes.at[rowList + place++] = i / chosen;
        }
    }
    barrier();
    if (lane >= rows) return;
    for (uint i = 0; i < chosen; i++) own[i] = choices[lane * chosen + i] & 0x7FFFFFFFu;
    for (uint i = 0; i < chosen; i++)
    {
        // How many stand before it, among its row's.
        uint rank = 0;
        for (uint j = 0; j < chosen; j++) rank += own[j] < own[i] ? 1 : 0;
        routes.at[weightList + own[i]] = floatBitsToUint(weight[i]);
        routes.at[placeList + lane * chosen + rank] = own[i];
    }
}
