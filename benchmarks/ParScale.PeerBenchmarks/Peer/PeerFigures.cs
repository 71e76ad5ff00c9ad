namespace ParScale.PeerBenchmarks.Peer;

/// <summary>What one run of llama.cpp found out; also the JSON that its process prints.</summary>
/// <param name="Library">The build of the native library that was loaded, such as avx2.</param>
/// <param name="Features">What llama.cpp says that it was built with and for.</param>
/// <param name="StepMs">Milliseconds of the decode steps, by the number of sequences.</param>
/// <param name="PromptTokensS">Tokens a second of each prompt.</param>
internal sealed record PeerFigures(string Library, string Features, Dictionary<int, double[]> StepMs, double[] PromptTokensS);
