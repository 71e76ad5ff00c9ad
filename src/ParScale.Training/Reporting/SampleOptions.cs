namespace ParScale.Training.Reporting;

/// <summary>The prompt that the model continues at every evaluation, by at most <paramref name="Tokens"/> tokens.</summary>
internal sealed record SampleOptions(string Prompt, int Tokens);
