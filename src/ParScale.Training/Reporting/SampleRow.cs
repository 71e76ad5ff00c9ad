namespace ParScale.Training.Reporting;

/// <summary>What the model wrote after <paramref name="Prompt"/> when it had made <paramref name="Step"/> steps.</summary>
internal sealed record SampleRow(long Step, string Prompt, string Text);
