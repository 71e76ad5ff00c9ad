namespace ParScale.Vulkan.Runtime;

/// <summary>What a recording asks of a device, to predict times on paper.</summary>
/// <param name="Dispatches">Commands that run a shader.</param>
/// <param name="Barriers">Commands that wait for all before them.</param>
/// <param name="Bytes">Bytes of the buffers of each command, the whole of each, once: an upper bound where caches or tables have room to spare.</param>
internal readonly record struct RecordingTotals(int Dispatches, int Barriers, long Bytes)
{
    /// <summary>Counts what was recorded.</summary>
    public static RecordingTotals Of(IReadOnlyList<RecordedCommand> log) => new(
        log.Count(command => command.Arguments is not null),
        log.Count(command => command.Waits),
        log.Sum(command => command.Uses.Select(use => use.Buffer).Distinct().Sum(buffer => buffer.Bytes)));
}
