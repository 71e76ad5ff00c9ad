using System.Text;
using CsCheck;
using ParScale.Text;
using ParScale.Text.Bpe;
using ParScale.Text.PreTokenizers;
using ParScale.Training.Data;

namespace ParScale.Training.Tests.Data;

public sealed class BpeTrainerTests
{
    [Fact]
    public void The_first_merges_of_a_known_text()
    {
        BpeVocabulary vocabulary = BpeTrainer.Train("low low low lower lower newest newest newest newest", 3);
        // w-e occurs 2 + 4 = 6 times, then l-o 5 times; of the pairs with 4, e-we has the lowest ids.
        Assert.Equal([("w", "e"), ("l", "o"), ("e", "we")], vocabulary.Merges);
    }

    [Fact]
    public void The_alphabet_is_the_256_bytes_in_character_order()
    {
        BpeVocabulary vocabulary = BpeTrainer.Train("x", 0);
        Assert.Equal(256, vocabulary.Tokens.Count);
        Assert.Equal("!", vocabulary.Tokens[0]);
        Assert.Equal("\u0143", vocabulary.Tokens[255]);
        Assert.Equal(vocabulary.Tokens.Order(StringComparer.Ordinal), vocabulary.Tokens);
    }

    [Fact]
    public void Incremental_counts_equal_counting_anew() => Gen.String[Gen.Char["abc '1\né"], 0, 200].Sample(text =>
        Assert.Equal(Naive(text, 12), BpeTrainer.Train(text, 12).Merges));

    [Fact]
    public void Text_that_dotnet_does_not_normalise_well_is_learnt_from()
    {
        // U+FFFE, which Normalize refuses, and a run of marks out of order, on which it takes minutes.
        string text = "ab\uFFFEab" + string.Concat(Enumerable.Repeat("\u0301\u0316", 100_000));
        Assert.Equal(3, BpeTrainer.Train(text, 3).Merges.Count);
    }

    [Fact]
    public void Merges_stop_when_no_pair_occurs_twice() => Assert.Empty(BpeTrainer.Train("abcdefg", 10).Merges);

    [Fact]
    public void The_saved_tokenizer_encodes_to_the_merges_and_back()
    {
        using var folder = new TempFolder();
        string text = Samples.Text(500);
        BpeVocabulary vocabulary = BpeTrainer.Train(text, 60);
        TokenizerWriter.Write(folder.File("t"), vocabulary);
        Tokenizer tokenizer = Tokenizer.Load(folder.File("t"));

        Assert.Equal(256 + 60 + 1, tokenizer.VocabularySize);
        Assert.Equal(316, tokenizer.IdOf("<|endoftext|>"));
        Assert.True(tokenizer.IsSpecial(316));
        int[] ids = tokenizer.Encode(text);
        Assert.Equal(text, tokenizer.Decode(ids));
        Assert.All(vocabulary.Tokens.Skip(256), token => Assert.NotNull(tokenizer.IdOf(token)));
        Assert.True(ids.Length < Encoding.UTF8.GetByteCount(text) * 0.7);
    }

    [Fact]
    public void The_same_text_gives_the_same_bytes()
    {
        using var folder = new TempFolder();
        TokenizerWriter.Write(folder.File("a"), BpeTrainer.Train(Samples.Text(400), 50));
        TokenizerWriter.Write(folder.File("b"), BpeTrainer.Train(Samples.Text(400), 50));
        Assert.Equal(File.ReadAllBytes(folder.File("a/tokenizer.json")), File.ReadAllBytes(folder.File("b/tokenizer.json")));
    }

    /// <summary>The definition: count all pairs of all words, merge the most frequent, start again.</summary>
    private static List<(string, string)> Naive(string text, int merges)
    {
        string[] alphabet = [.. BpeTrainer.Train("", 0).Tokens];
        var order = alphabet.Select((token, id) => (token, id)).ToDictionary(t => t.token, t => t.id);
        var words = new List<List<string>>();
        string normal = text.Normalize(NormalizationForm.FormC);
        for (int start = 0; start < normal.Length;)
        {
            int length = WordSplitter.NextWord(normal, start, WordRule.Qwen2);
            words.Add([.. Encoding.UTF8.GetBytes(normal.Substring(start, length)).Select(b => ByteAlphabet.ToChar(b).ToString())]);
            start += length;
        }
        var result = new List<(string, string)>();
        while (result.Count < merges)
        {
            var best = words.SelectMany(w => w.Zip(w.Skip(1))).GroupBy(pair => pair)
                .Select(g => (Pair: g.Key, Count: g.Count())).Where(g => g.Count >= 2)
                .OrderByDescending(g => g.Count).ThenBy(g => order[g.Pair.First]).ThenBy(g => order[g.Pair.Second]).FirstOrDefault();
            if (best.Count == 0) break;
            result.Add(best.Pair);
            order.TryAdd(best.Pair.First + best.Pair.Second, order.Count);
            foreach (List<string> word in words)
            {
                for (int i = 0; i + 1 < word.Count; i++)
                {
                    if ((word[i], word[i + 1]) != best.Pair) continue;
                    word[i] += word[i + 1];
                    word.RemoveAt(i + 1);
                }
            }
        }
        return result;
    }
}
