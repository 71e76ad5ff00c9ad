namespace ParScale.Vulkan.Runtime;

/// <summary>What a recording asks of a device, to predict times on paper.</summary>
/// <param name="Dispatches">Commands that run a shader.</param>
/// <param name="Barriers">Commands that wait for all before them.</param>
/// <param name="Bytes">Bytes of the buffers of each command, the whole of each, once: an upper bound where caches or tables have room to spare.</param>
/// <param name="WeightBytes">Bytes of what shaders read and nothing in the recording writes, each once; tables that rows are looked up in aside.</param>
/// <param name="HostBytes">Bytes that go to the host.</param>
internal readonly record struct RecordingTotals(int Dispatches, int Barriers, long Bytes, long WeightBytes, long HostBytes)
{
    // Its shader reads a row of the table for each token.
    private const string Lookup = "embed";

    /// <summary>Counts what was recorded.</summary>
    public static RecordingTotals Of(IReadOnlyList<RecordedCommand> log)
    {
        HashSet<DeviceBuffer> written = [.. log.SelectMany(command => command.Uses).Where(use => use.Access.HasFlag(Access.Write)).Select(use => use.Buffer.Whole)];
        IEnumerable<DeviceBuffer> read = log.Where(command => command.Arguments is not null && command.Name != Lookup)
            .SelectMany(command => command.Uses).Select(use => use.Buffer.Whole).Where(buffer => !written.Contains(buffer)).Distinct();
        return new RecordingTotals(
            log.Count(command => command.Arguments is not null),
            log.Count(command => command.Waits),
            log.Sum(command => command.Uses.Select(use => use.Buffer).Distinct().Sum(buffer => buffer.Bytes)),
            read.Sum(buffer => buffer.Bytes),
            log.Sum(command => command.HostBytes));
    }
}
