namespace ParScale.Hub;

/// <summary>How far a fetch or a check of a model is, all its files together.</summary>
/// <param name="BytesDone">Bytes that are on the disk, those that were there before included.</param>
/// <param name="BytesTotal">Bytes of all files.</param>
/// <param name="FilesDone">Files that are complete and checked.</param>
/// <param name="FilesTotal">All files.</param>
/// <param name="BytesPerSecond">Bytes that came in the last few seconds, per second; 0 while nothing came.</param>
public sealed record HubProgress(long BytesDone, long BytesTotal, int FilesDone, int FilesTotal, double BytesPerSecond)
{
    /// <summary>Whether another process is fetching what this one waits for.</summary>
    public bool Waiting { get; init; }

    /// <summary>Time until the rest is there at the present speed; null while nothing comes.</summary>
    public TimeSpan? TimeLeft => BytesPerSecond > 0 ? TimeSpan.FromSeconds((BytesTotal - BytesDone) / BytesPerSecond) : null;
}
