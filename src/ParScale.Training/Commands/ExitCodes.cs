namespace ParScale.Training.Commands;

/// <summary>Exit codes besides those of <see cref="ErrorKind"/>.</summary>
internal static class ExitCodes
{
    public const int Bug = 1;

    /// <summary>Stopped by a signal, with the checkpoint saved.</summary>
    public const int Stopped = 75;
}
