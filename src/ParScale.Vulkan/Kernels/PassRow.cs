using System.Runtime.InteropServices;

namespace ParScale.Vulkan.Kernels;

/// <summary>What a row of a pass belongs to, as the shaders read it (rows.glsl).</summary>
/// <param name="Cache">Address of its sequence's keys and values.</param>
/// <param name="Prefix">Address of its set's learned keys and values.</param>
/// <param name="Slots">Slots of the prefix; 0 for none.</param>
/// <param name="PrefixStream">Which stream of the prefix it sees.</param>
/// <param name="Stream">Which stream of the cache it has.</param>
/// <param name="Streams">Streams of the cache, in all layers but the first, where there is one.</param>
/// <param name="Capacity">Tokens that the cache has room for.</param>
/// <param name="Position">Of its token in the sequence.</param>
/// <param name="Token">Which of the pass's tokens it is.</param>
/// <param name="PrefixStreams">Streams of the prefix, in all layers.</param>
/// <param name="Helper">1 for a helper of an anchored set, which keeps nothing and has its anchor's cache, else 0.</param>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal readonly record struct PassRow(
    ulong Cache, ulong Prefix, int Slots, int PrefixStream, int Stream, int Streams, int Capacity, int Position, int Token, int PrefixStreams, int Helper = 0);
