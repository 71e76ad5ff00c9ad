namespace ParScale.Hub.Cache;

/// <summary>The error for a cache that cannot be written.</summary>
internal static class CacheFault
{
    /// <summary>Says whether the disk is full (HB-10) or the folder may not be written (HB-22).</summary>
    public static ParScaleException Of(Exception problem, string cache) => IsFull(problem)
        ? new ParScaleException(ErrorKind.Io, "HB-10",
            $"no space left for the model in {ParScaleException.Quote(cache)}; free some, or set HF_HUB_CACHE to a folder on a larger disk. What came is kept", problem)
        : new ParScaleException(ErrorKind.Io, "HB-22",
            $"the cache {ParScaleException.Quote(cache)} cannot be written: {problem.Message.TrimEnd('.')}; change its permissions, or set HF_HUB_CACHE to another folder", problem);

    // ENOSPC, EDQUOT (Linux, macOS), EFBIG, and "disk full" of Windows.
    private static bool IsFull(Exception problem) => problem is IOException && problem.HResult is 28 or 122 or 69 or 27 or unchecked((int)0x80070070) or unchecked((int)0x80070027);
}
