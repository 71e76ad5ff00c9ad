namespace ParScale.Vulkan.Runtime;

/// <summary>A command of a recording.</summary>
/// <param name="Name">The shader, or <c>copy</c> or <c>clear</c>.</param>
/// <param name="Uses">The buffers that it reads and writes.</param>
/// <param name="Waits">Whether a barrier stands before it, so that all earlier ones have ended.</param>
internal sealed record RecordedCommand(string Name, IReadOnlyList<(DeviceBuffer Buffer, Access Access)> Uses, bool Waits)
{
    /// <summary>What a shader was given; null for others.</summary>
    public Arguments? Arguments { get; init; }

    /// <summary>Bytes that it copies to where the host reads them.</summary>
    public long HostBytes { get; init; }
}

/// <summary>
/// Proof that the order of a recording is right. Software drivers run one command after the other, and the validation layer does not follow
/// pointers: neither finds a barrier that is missing. So each two commands are looked at here.
/// </summary>
internal static class CommandOrder
{
    /// <summary>A line for each two commands that use one buffer, one of them writing, with no barrier between them.</summary>
    public static IEnumerable<string> Races(IReadOnlyList<RecordedCommand> log)
    {
        for (int second = 1; second < log.Count; second++)
        {
            for (int first = second - 1; first >= 0 && !log[first + 1].Waits; first--)
            {
                if (Clash(log[first], log[second]))
                    yield return $"command {second} ({log[second].Name}) does not wait for command {first} ({log[first].Name})";
            }
        }
    }

    private static bool Clash(RecordedCommand first, RecordedCommand second)
    {
        foreach ((DeviceBuffer buffer, Access access) in first.Uses)
        {
            foreach ((DeviceBuffer other, Access later) in second.Uses)
                if (buffer.Whole == other.Whole && (access | later).HasFlag(Access.Write)) return true;
        }
        return false;
    }
}
