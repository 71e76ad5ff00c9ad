using System.Runtime.InteropServices;
using System.Text;
using ParScale.Text;
using ParScale.Text.Bpe;
using ParScale.Text.PreTokenizers;

namespace ParScale.Training.Data;

/// <summary>
/// Learns byte-level BPE merges: again and again the most frequent pair of neighbouring tokens becomes a new token. Pairs
/// never cross the words of Qwen2's split rule. Equal counts go to the pair with the lower ids, so the result depends on
/// the text alone.
/// </summary>
internal sealed class BpeTrainer
{
    private const int ByteCount = 256;
    private const int LeastCount = 2;

    private readonly List<int[]> _words = [];
    private readonly List<long> _wordCounts = [];
    private readonly Dictionary<(int Left, int Right), long> _pairCounts = [];
    private readonly Dictionary<(int Left, int Right), HashSet<int>> _wordsOfPair = [];
    private readonly PriorityQueue<(int Left, int Right), (long Count, int Left, int Right)> _queue = new();

    private BpeTrainer()
    {
    }

    /// <summary>Learns at most <paramref name="merges"/> merges; fewer when no pair occurs twice any more.</summary>
    public static BpeVocabulary Train(string text, int merges)
    {
        var trainer = new BpeTrainer();
        trainer.CountWords(TextCleaner.Compose(text));
        for (int word = 0; word < trainer._words.Count; word++) trainer.CountPairs(word, +1);
        foreach (((int, int) pair, _) in trainer._pairCounts) trainer.Enqueue(pair);

        string[] bytes = [.. Enumerable.Range(0, ByteCount).Select(b => ByteAlphabet.ToChar((byte)b).ToString()).Order(StringComparer.Ordinal)];
        var vocabulary = new BpeVocabulary(bytes);
        while (vocabulary.Merges.Count < merges && trainer.TakeMostFrequent() is { } pair)
        {
            trainer.Merge(pair, vocabulary.Add(pair.Left, pair.Right));
        }
        return vocabulary;
    }

    private void CountWords(string text)
    {
        int[] idOfByte = IdsOfBytes();
        var indexOfWord = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int start = 0; start < text.Length;)
        {
            int length = WordSplitter.NextWord(text, start, WordRule.Qwen2);
            string word = text.Substring(start, length);
            start += length;
            if (indexOfWord.TryGetValue(word, out int index))
            {
                _wordCounts[index]++;
                continue;
            }
            indexOfWord.Add(word, _words.Count);
            _words.Add([.. Encoding.UTF8.GetBytes(word).Select(b => idOfByte[b])]);
            _wordCounts.Add(1);
        }
    }

    /// <summary>Ids follow the order of the byte alphabet's characters, as in every byte-level vocabulary.</summary>
    private static int[] IdsOfBytes()
    {
        int[] ids = new int[ByteCount];
        int id = 0;
        foreach (int value in Enumerable.Range(0, ByteCount).OrderBy(b => ByteAlphabet.ToChar((byte)b))) ids[value] = id++;
        return ids;
    }

    /// <summary>Adds (+1) or takes away (-1) the pairs of one word.</summary>
    private void CountPairs(int word, int sign)
    {
        int[] ids = _words[word];
        for (int i = 0; i + 1 < ids.Length; i++)
        {
            (int, int) pair = (ids[i], ids[i + 1]);
            CollectionsMarshal.GetValueRefOrAddDefault(_pairCounts, pair, out _) += sign * _wordCounts[word];
            if (sign < 0) continue;
            ref HashSet<int>? words = ref CollectionsMarshal.GetValueRefOrAddDefault(_wordsOfPair, pair, out _);
            (words ??= []).Add(word);
        }
    }

    private void Enqueue((int Left, int Right) pair)
    {
        long count = _pairCounts[pair];
        if (count >= LeastCount) _queue.Enqueue(pair, (-count, pair.Left, pair.Right));
    }

    /// <summary>The queue may hold old counts of a pair; only an entry that still agrees with the table is taken.</summary>
    private (int Left, int Right)? TakeMostFrequent()
    {
        while (_queue.TryDequeue(out (int Left, int Right) pair, out (long Count, int, int) priority))
        {
            if (_pairCounts.GetValueOrDefault(pair) == -priority.Count) return pair;
        }
        return null;
    }

    private void Merge((int Left, int Right) pair, int merged)
    {
        var changed = new HashSet<(int, int)>();
        // A word may have lost the pair to an earlier merge; it then simply stays as it is.
        foreach (int word in _wordsOfPair[pair])
        {
            int[] after = Replace(_words[word], pair, merged);
            if (after.Length == _words[word].Length) continue;
            NotePairs(_words[word], changed);
            CountPairs(word, -1);
            _words[word] = after;
            CountPairs(word, +1);
            NotePairs(after, changed);
        }
        _wordsOfPair.Remove(pair);
        _pairCounts.Remove(pair);
        changed.Remove(pair);
        foreach ((int, int) other in changed) Enqueue(other);
    }

    private static void NotePairs(int[] ids, HashSet<(int, int)> pairs)
    {
        for (int i = 0; i + 1 < ids.Length; i++) pairs.Add((ids[i], ids[i + 1]));
    }

    private static int[] Replace(int[] ids, (int Left, int Right) pair, int merged)
    {
        var after = new List<int>(ids.Length);
        for (int i = 0; i < ids.Length; i++)
        {
            bool matches = i + 1 < ids.Length && ids[i] == pair.Left && ids[i + 1] == pair.Right;
            after.Add(matches ? merged : ids[i]);
            if (matches) i++;
        }
        return [.. after];
    }
}
