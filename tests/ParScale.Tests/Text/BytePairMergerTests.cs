using CsCheck;
using ParScale.Text.Bpe;

namespace ParScale.Tests.Text;

public class BytePairMergerTests
{
    private const int Letters = 3;

    // Random merges over a tiny alphabet, in any order: ranks need not grow as tokens do.
    private static readonly Gen<(int Left, int Right)[]> Merges = Gen.Select(Gen.Int[0, 14], Gen.Int[0, 14]).Array[1, 12];
    private static readonly Gen<byte[]> Word = Gen.Int[0, Letters - 1].Select(value => (byte)value).Array[1, 120];

    [Fact]
    public void Both_ways_equal_the_plain_definition() => Gen.Select(Merges, Word).Sample((merges, word) =>
    {
        var table = new MergeTable(merges.Length);
        var plain = new Dictionary<(int, int), Merge>();
        for (int rank = 0; rank < merges.Length; rank++)
        {
            (int left, int right) = merges[rank];
            plain[(left, right)] = new Merge(rank, Letters + rank);
            table.Set(left, right, new Merge(rank, Letters + rank));
        }
        var merger = new BytePairMerger(table);
        List<int> shortWay = [], longWay = [], chosen = [];
        merger.MergeShort([.. word.Select(value => (int)value)], shortWay);
        merger.MergeLong([.. word.Select(value => (int)value)], longWay);
        merger.Merge([.. word.Select(value => (int)value)], chosen);
        List<int> expected = Merge(word, plain);
        return expected.SequenceEqual(shortWay) && expected.SequenceEqual(longWay) && expected.SequenceEqual(chosen);
    });

    private static List<int> Merge(byte[] word, Dictionary<(int, int), Merge> merges)
    {
        List<int> symbols = [.. word.Select(value => (int)value)];
        while (true)
        {
            int best = -1;
            int lowest = int.MaxValue;
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                if (!merges.TryGetValue((symbols[i], symbols[i + 1]), out Merge merge) || merge.Rank >= lowest) continue;
                (best, lowest) = (i, merge.Rank);
            }
            if (best < 0) return symbols;
            symbols[best] = merges[(symbols[best], symbols[best + 1])].Id;
            symbols.RemoveAt(best + 1);
        }
    }
}
