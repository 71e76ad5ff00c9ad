using ParScale.Model;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Passes;

/// <summary>Wanted tokens of one set that follow each other.</summary>
/// <param name="Set">The set.</param>
/// <param name="Wanted">How many.</param>
internal readonly record struct StreamGroup(StreamSet Set, int Wanted);

/// <summary>A pass of a shape, recorded once and run for any sequences of that shape.</summary>
/// <param name="Size">Its shape.</param>
/// <param name="Groups">Its wanted tokens by set.</param>
/// <param name="Inputs">What it is given each time.</param>
/// <param name="Parts">
/// Its commands, in pieces that are short enough for the watchdogs of systems and drivers.
/// </param>
internal sealed record RecordedPass(PassSize Size, StreamGroup[] Groups, PassInputs Inputs, IReadOnlyList<Recording> Parts) : IDisposable
{
    /// <summary>Whether it is of a shape.</summary>
    public bool Is(PassSize size, List<StreamGroup> groups)
    {
        if (Size != size || Groups.Length != groups.Count) return false;
        for (int i = 0; i < Groups.Length; i++)
            if (Groups[i] != groups[i]) return false;
        return true;
    }

    /// <summary>Runs it and waits for its end.</summary>
    /// <exception cref="ParScaleException">VK-01: the device was lost; VK-06: it does not answer.</exception>
    public void Submit()
    {
        foreach (Recording part in Parts) part.Submit();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Recording part in Parts) part.Dispose();
    }
}
