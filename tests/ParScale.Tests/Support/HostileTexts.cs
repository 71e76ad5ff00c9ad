using System.Text;
using System.Text.Json;

namespace ParScale.Tests.Support;

/// <summary>
/// Thousands of texts put together from hard pieces and characters of every script by the generator of
/// <c>scripts/tokenizer-vectors/hostile.mjs</c>, and hashes of what the reference engine made of them.
/// </summary>
internal sealed class HostileTexts
{
    private readonly JsonElement _file = ReferenceVectors.Read("hostile.json");
    private readonly string[] _pieces;
    private readonly (int First, int Last)[] _ranges;

    private HostileTexts()
    {
        _pieces = [.. _file.GetProperty("pieces").EnumerateArray().Select(piece => piece.GetString() ?? "")];
        _ranges = [.. _file.GetProperty("ranges").EnumerateArray().Select(range => (range[0].GetInt32(), range[1].GetInt32()))];
        Block = _file.GetProperty("block").GetInt32();
        All = [.. Enumerable.Range(0, _file.GetProperty("count").GetInt32()).Select(Text)];
    }

    /// <summary>The texts of the committed hashes, made once.</summary>
    public static HostileTexts Shared { get; } = new();

    /// <summary>The texts.</summary>
    public string[] All { get; }

    /// <summary>How many texts one hash is of.</summary>
    public int Block { get; }

    /// <summary>The hashes of a pipeline, one for each block.</summary>
    public string[] Hashes(string vocabulary, string pipeline) =>
        [.. _file.GetProperty("hashes").GetProperty(vocabulary).GetProperty(pipeline).EnumerateArray().Select(hash => hash.GetString() ?? "")];

    private string Text(int index)
    {
        const uint Spread = 2654435761;
        const int Repeated = 50, MostParts = 24;
        uint state = unchecked(((uint)index + 1) * Spread) | 1;
        if (index % Repeated == Repeated - 1)
        {
            string one = Part();
            return string.Concat(Enumerable.Repeat(one, 100 + Next(200)));
        }
        var text = new StringBuilder();
        for (int left = Next(MostParts + 1); left > 0; left--) text.Append(Part());
        return text.ToString();

        string Part()
        {
            if (Next(4) > 0) return _pieces[Next(_pieces.Length)];
            (int first, int last) = _ranges[Next(_ranges.Length)];
            return char.ConvertFromUtf32(first + Next(last - first + 1));
        }

        int Next(int limit)
        {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            return (int)(state % (uint)limit);
        }
    }
}
