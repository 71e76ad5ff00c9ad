namespace ParScale.Cli.Terminals;

/// <summary>Progress as a share of the whole, 0 to 1.</summary>
internal sealed class ShareProgress(Terminal terminal, string verb) : IProgress<double>, IDisposable
{
    private readonly ProgressLine _line = new(terminal);

    public void Report(double value) => _line.Draw(verb, value);

    public void Dispose() => _line.Dispose();
}
