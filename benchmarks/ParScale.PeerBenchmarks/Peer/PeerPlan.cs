namespace ParScale.PeerBenchmarks.Peer;

/// <summary>What is measured of llama.cpp; handed to its process as JSON.</summary>
/// <param name="Sequences">Numbers of sequences of a decode step.</param>
/// <param name="Context">Tokens in each cache before the step.</param>
/// <param name="Steps">Decode steps measured.</param>
/// <param name="Prompt">Tokens of the prompt; 0 leaves it out.</param>
/// <param name="Threads">Threads.</param>
/// <param name="Avx2">Loads its AVX2 build where the machine has more.</param>
internal sealed record PeerPlan(int[] Sequences, int Context, int Steps, int Prompt, int Threads, bool Avx2);
