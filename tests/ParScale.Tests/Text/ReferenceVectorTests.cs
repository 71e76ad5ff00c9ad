using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Text;

namespace ParScale.Tests.Text;

/// <summary>The same ids and the same text as the reference engine, on hundreds of texts that tokenizers get wrong.</summary>
public class ReferenceVectorTests
{
    private static readonly JsonElement Vectors = ReferenceVectors.Read("vectors.json");
    private static readonly Tokenizer Trained = Tokenizer.Load(ReferenceVectors.Folder);

    [Fact]
    public void Texts_have_the_ids_of_the_reference_engine()
    {
        JsonElement[] vectors = [.. Vectors.GetProperty("encode").EnumerateArray()];
        Assert.True(vectors.Length > 300, "the file of vectors is cut off");
        foreach (JsonElement vector in vectors)
        {
            string text = ReferenceVectors.Text(vector);
            int[] ids = ReferenceVectors.Ids(vector);
            AssertIds(ids, Trained.Encode(text, parseSpecial: true), text);
            Assert.Equal(ReferenceVectors.Decoded(vector), Trained.Decode(ids));
        }
        Assert.Empty(Trained.SelfTest());
    }

    [Fact]
    public void Control_tokens_in_ordinary_text_are_ordinary_text()
    {
        foreach (JsonElement vector in Vectors.GetProperty("ordinary").EnumerateArray())
        {
            string text = ReferenceVectors.Text(vector);
            AssertIds(ReferenceVectors.Ids(vector), Trained.Encode(text), text);
        }
    }

    [Fact]
    public void Any_ids_have_the_text_of_the_reference_engine()
    {
        foreach (JsonElement vector in Vectors.GetProperty("decode").EnumerateArray())
        {
            int[] ids = ReferenceVectors.Ids(vector);
            Assert.Equal(vector.GetProperty("text").GetString(), Trained.Decode(ids));
            Assert.Equal(vector.GetProperty("plain").GetString(), Trained.Decode(ids, skipSpecial: true));
        }
    }

    // The vectors must notice the smallest change of the rules.
    [Theory]
    [InlineData("normalizer")]
    [InlineData("split")]
    [InlineData("merge order")]
    [InlineData("ids")]
    [InlineData("lstrip")]
    [InlineData("rstrip")]
    [InlineData("single_word")]
    [InlineData("normalized")]
    public void A_changed_tokenizer_fails_the_vectors(string what)
    {
        Tokenizer changed = ReferenceVectors.Load("", root => Change(root, what));
        Assert.Contains(Vectors.GetProperty("encode").EnumerateArray(), vector =>
            !ReferenceVectors.Ids(vector).AsSpan().SequenceEqual(changed.Encode(ReferenceVectors.Text(vector), parseSpecial: true)));
    }

    private static void Change(JsonNode root, string what)
    {
        JsonObject model = root["model"]!.AsObject();
        switch (what)
        {
            case "normalizer":
                root["normalizer"] = null;
                break;
            case "split":
                root["pre_tokenizer"] = TinyTokenizer.ByteLevel(addPrefixSpace: false, useRegex: true);
                break;
            case "merge order":
                JsonArray merges = model["merges"]!.AsArray();
                JsonNode first = merges[0]!;
                merges.RemoveAt(0);
                merges.Add(first);
                break;
            case "ids":
                JsonObject vocabulary = model["vocab"]!.AsObject();
                (int a, int b) = (vocabulary["a"]!.GetValue<int>(), vocabulary["b"]!.GetValue<int>());
                (vocabulary["a"], vocabulary["b"]) = (b, a);
                break;
            default:
                foreach (JsonNode? token in root["added_tokens"]!.AsArray()) token![what] = false;
                break;
        }
    }

    private static void AssertIds(int[] expected, int[] found, string text) =>
        Assert.True(expected.AsSpan().SequenceEqual(found), $"\"{text}\": expected [{string.Join(',', expected)}], found [{string.Join(',', found)}]");
}
