using System.Globalization;
using ParScale.Hub;
using ParScale.ScalingLaws.Plan;

namespace ParScale.Cli.Terminals;

/// <summary>Progress of fetching or checking models: bytes, speed and time left.</summary>
internal sealed class FetchProgress(Terminal terminal, string verb) : IProgress<HubProgress>, IDisposable
{
    private readonly ProgressLine _line = new(terminal);

    public void Report(HubProgress value)
    {
        if (value.BytesTotal == 0) return;
        string state = value.Waiting ? "waiting for another process that fetches it" : $"{Figures.Bytes(value.BytesPerSecond)}/s";
        _line.Draw(string.Create(CultureInfo.InvariantCulture,
            $"{verb} {Figures.Bytes(value.BytesDone)} of {Figures.Bytes(value.BytesTotal)}, {value.FilesDone} of {value.FilesTotal} files, {state}"),
            (double)value.BytesDone / value.BytesTotal, value.TimeLeft);
    }

    public void Dispose() => _line.Dispose();
}
