namespace ParScale.Kernels.Threads;

/// <summary>Work that can be cut into ranges of items which do not touch each other's output.</summary>
internal interface IRangeJob
{
    /// <summary>Does the items from <paramref name="start"/> up to, not including, <paramref name="end"/>.</summary>
    void Run(int start, int end);
}
