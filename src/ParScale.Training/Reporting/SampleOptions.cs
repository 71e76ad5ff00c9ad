namespace ParScale.Training.Reporting;

/// <summary>The text that a model goes on from at every evaluation, for at most <paramref name="Tokens"/> tokens.</summary>
internal sealed record SampleOptions(string Prompt, int Tokens);
