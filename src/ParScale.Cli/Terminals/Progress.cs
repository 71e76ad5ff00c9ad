namespace ParScale.Cli.Terminals;

/// <summary>Progress over a number of tokens.</summary>
internal sealed class Progress(Terminal terminal, string verb, int total) : IProgress<int>, IDisposable
{
    private readonly ProgressLine _line = new(terminal);

    public void Report(int value) => _line.Draw($"{verb} {value} of {total} tokens", (double)value / total);

    public void Dispose() => _line.Dispose();
}
