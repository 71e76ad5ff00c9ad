using ParScale.Model;
using ParScale.Vulkan.Runtime;

namespace ParScale.Vulkan.Passes;

/// <summary>Wanted tokens of one set that follow each other; of an anchored one, those at which helpers run or those at which none does.</summary>
/// <param name="Set">The set.</param>
/// <param name="Wanted">How many.</param>
/// <param name="Rows">Their rows.</param>
internal readonly record struct StreamGroup(StreamSet Set, int Wanted, int Rows)
{
    /// <summary>Whether the states are the result as they are: of the plain model, and of an anchor alone.</summary>
    public bool IsPlain => Set.Count == 1 || (Set.IsAnchored && Rows == Wanted);

    /// <summary>Whether the tokens of another one behind it can be mixed with it.</summary>
    public bool Takes(StreamGroup next) => Set == next.Set && IsPlain == next.IsPlain;

    /// <summary>Both.</summary>
    public StreamGroup With(StreamGroup next) => new(Set, Wanted + next.Wanted, Rows + next.Rows);
}

/// <summary>What a recording is made for, groups aside.</summary>
/// <param name="Size">The numbers of the pass.</param>
/// <param name="OneToken">Whether every sequence has one new token, so that none sees what another row adds to the caches.</param>
/// <param name="Likeliest">Whether it ends with the likeliest tokens, and all logits stay on the device.</param>
/// <param name="Reach">Tokens that no row sees more of, a power of two: by it attention is cut into pieces.</param>
internal readonly record struct PassShape(PassSize Size, bool OneToken, bool Likeliest, int Reach);

/// <summary>A pass of a shape, recorded once and run for any sequences of that shape.</summary>
/// <param name="Shape">Its shape.</param>
/// <param name="Groups">Its wanted tokens by set.</param>
/// <param name="Inputs">What it is given each time.</param>
/// <param name="Parts">Its commands, in pieces as <see cref="PassParts"/> has them.</param>
internal sealed record RecordedPass(PassShape Shape, StreamGroup[] Groups, PassInputs Inputs, IReadOnlyList<Recording> Parts) : IDisposable
{
    /// <summary>Whether it is of a shape.</summary>
    public bool Is(PassShape shape, List<StreamGroup> groups)
    {
        if (Shape != shape || Groups.Length != groups.Count) return false;
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
