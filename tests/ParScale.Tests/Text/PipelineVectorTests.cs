using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ParScale.Text;
using ParScale.Text.Chat;

namespace ParScale.Tests.Text;

/// <summary>
/// The tokenizer files of other models, with our own vocabularies in them: the same ids and the same text as the reference engine.
/// </summary>
public class PipelineVectorTests
{
    private const string Bytes = "";
    private const string Characters = "characters";

    /// <summary>Every pipeline by the folder of its vocabulary and its name.</summary>
    public static TheoryData<string, string> Pipelines()
    {
        var data = new TheoryData<string, string>();
        foreach (string folder in (string[])[Bytes, Characters])
            foreach (JsonElement pipeline in Vectors(folder).GetProperty("pipelines").EnumerateArray()) data.Add(folder, Name(pipeline));
        return data;
    }

    [Theory]
    [MemberData(nameof(Pipelines))]
    public void Texts_have_the_ids_and_the_text_of_the_reference_engine(string folder, string name)
    {
        JsonElement vectors = Vectors(folder);
        string[] texts = [.. vectors.GetProperty("texts").EnumerateArray().Select(text => text.GetString() ?? "")];
        JsonElement[] pipelines = [.. vectors.GetProperty("pipelines").EnumerateArray()];
        JsonElement pipeline = pipelines.Single(one => Name(one) == name);
        Tokenizer tokenizer = Load(folder, pipeline);
        bool special = pipeline.GetProperty("special").GetBoolean();
        for (int i = 0; i < texts.Length; i++)
        {
            int[] expected = Ids(pipelines, pipeline, i);
            int[] found = tokenizer.Encode(texts[i], parseSpecial: true, addSpecial: special);
            Assert.True(expected.AsSpan().SequenceEqual(found), $"\"{texts[i]}\": expected [{string.Join(',', expected)}], found [{string.Join(',', found)}]");
            if (pipeline.TryGetProperty("decoded", out JsonElement decoded)) CheckDecoding(tokenizer, expected, decoded[i].GetString() ?? texts[i]);
        }
        if (!pipeline.TryGetProperty("decode", out JsonElement decode)) return;
        foreach (JsonElement vector in decode.EnumerateArray())
        {
            CheckDecoding(tokenizer, ReferenceVectors.Ids(vector), vector.GetProperty("text").GetString() ?? "");
            Assert.Equal(vector.GetProperty("plain").GetString(), tokenizer.Decode(ReferenceVectors.Ids(vector), skipSpecial: true));
        }
    }

    [Theory]
    [MemberData(nameof(Pipelines))]
    public void Ten_thousand_hostile_texts_have_the_ids_and_the_text_of_the_reference_engine(string folder, string name)
    {
        HostileTexts hostile = HostileTexts.Shared;
        Tokenizer tokenizer = Load(folder, Vectors(folder).GetProperty("pipelines").EnumerateArray().Single(one => Name(one) == name));
        string[] expected = hostile.Hashes(folder, name);
        Assert.Equal(hostile.All.Length, expected.Length * hostile.Block);
        for (int block = 0; block < expected.Length; block++)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (string text in hostile.All.Skip(block * hostile.Block).Take(hostile.Block))
            {
                int[] ids = tokenizer.Encode(text, parseSpecial: true);
                hash.AppendData(Encoding.UTF8.GetBytes($"{string.Join(',', ids)}\n{tokenizer.Decode(ids)}\n"));
            }
            string found = Convert.ToHexStringLower(hash.GetHashAndReset())[..expected[block].Length];
            Assert.True(expected[block] == found, $"texts {block * hostile.Block} to {(block + 1) * hostile.Block - 1} differ");
        }
    }

    // Runs of two tags that are both the template's, so that all steps carry origins and no token is ruled out by them.
    [Theory]
    [MemberData(nameof(Pipelines))]
    public void A_chat_has_the_ids_of_its_text_wherever_its_parts_come_from(string folder, string name)
    {
        Tokenizer tokenizer = Load(folder, Vectors(folder).GetProperty("pipelines").EnumerateArray().Single(one => Name(one) == name));
        foreach (string text in HostileTexts.Shared.All.Take(1000))
        {
            var runs = new List<TaggedRun>();
            for (int at = 1; at <= text.Length; at++)
            {
                bool isBorder = at == text.Length || (at % 3 == 0 && char.IsAscii(text[at]) && char.IsAscii(text[at - 1]));
                if (isBorder) runs.Add(new TaggedRun(at, runs.Count % 2 == 0 ? TextTag.Template : TextTag.Template.AsGenerated));
            }
            int[] expected = tokenizer.Encode(text, parseSpecial: true);
            int[] found = tokenizer.Encode(new RenderedChat(new TaggedText(text, [.. runs])));
            Assert.True(expected.AsSpan().SequenceEqual(found), $"\"{text}\": expected [{string.Join(',', expected)}], found [{string.Join(',', found)}]");
        }
    }

    [Fact]
    public void Every_pipeline_has_a_fingerprint_of_its_own()
    {
        Dictionary<string, string> names = [];
        foreach (string folder in (string[])[Bytes, Characters])
        {
            // The old way to write it says the same as metaspace-always.
            foreach (JsonElement pipeline in Vectors(folder).GetProperty("pipelines").EnumerateArray().Where(one => Name(one) != "metaspace-old"))
                Assert.True(names.TryAdd(Load(folder, pipeline).Fingerprint, Name(pipeline)), Name(pipeline));
        }
    }

    [Fact]
    public void A_sound_vocabulary_passes_the_self_test_under_every_pipeline()
    {
        // Those left out write bytes as <0x0A> and do not read them back.
        foreach (string folder in (string[])[Bytes, Characters])
            foreach (JsonElement pipeline in Vectors(folder).GetProperty("pipelines").EnumerateArray())
                if (Name(pipeline) is not ("metaspace-always" or "metaspace-old")) Assert.Empty(Load(folder, pipeline).SelfTest());
    }

    private static void CheckDecoding(Tokenizer tokenizer, int[] ids, string expected)
    {
        Assert.Equal(expected, tokenizer.Decode(ids));
        TextStream stream = tokenizer.CreateStream(skipSpecial: false);
        Assert.Equal(expected, string.Concat(ids.Select(stream.Append)) + stream.Flush());
    }

    private static JsonElement Vectors(string folder) => ReferenceVectors.Read(Path.Combine(folder, "pipelines.json"));

    private static string Name(JsonElement pipeline) => pipeline.GetProperty("name").GetString() ?? "";

    // Ids that an earlier pipeline gave the same text are written as the number of that pipeline.
    private static int[] Ids(JsonElement[] pipelines, JsonElement pipeline, int text)
    {
        JsonElement ids = pipeline.GetProperty("ids")[text];
        return ids.ValueKind == JsonValueKind.Number ? Ids(pipelines, pipelines[ids.GetInt32()], text) : ReferenceVectors.Numbers(ids);
    }

    private static Tokenizer Load(string vocabulary, JsonElement pipeline) =>
        ReferenceVectors.Load(vocabulary, root => ReferenceVectors.Apply(pipeline, root));
}
