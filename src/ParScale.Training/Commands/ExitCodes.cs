namespace ParScale.Training.Commands;

/// <summary>Exit codes besides those of <see cref="ErrorKind"/> and <see cref="ErrorReport"/>.</summary>
internal static class ExitCodes
{
    /// <summary>Stopped by a signal, with the checkpoint saved.</summary>
    public const int Stopped = 75;
}
