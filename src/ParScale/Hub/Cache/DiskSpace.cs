namespace ParScale.Hub.Cache;

/// <summary>Whether a model fits onto the disk, asked before the first byte.</summary>
internal static class DiskSpace
{
    /// <exception cref="ParScaleException">It does not (HB-10).</exception>
    public static void Require(string cache, HubPlan plan)
    {
        long needed = plan.BytesToFetch;
        if (Free(cache) is not { } free || needed <= free) return;
        throw new ParScaleException(ErrorKind.Io, "HB-10",
            $"{plan.Name} needs {needed} bytes more in {ParScaleException.Quote(cache)}, and {free} are free; free some, or set HF_HUB_CACHE to a folder on a larger disk");
    }

    private static long? Free(string folder)
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A share without a drive letter: whether it is full shows when it is.
            return null;
        }
    }
}
