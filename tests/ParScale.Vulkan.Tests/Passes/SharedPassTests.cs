using ParScale.Configuration;
using ParScale.Generation;
using ParScale.Kernels.Formats;
using ParScale.Vulkan.Tests.Support;

namespace ParScale.Vulkan.Tests.Passes;

/// <summary>Sequences of any P in one pass, prefixes that are taken from others, and passes that are recorded once.</summary>
public class SharedPassTests(TestDevice test) : ModelTest(test)
{
    private const int Vocabulary = 199;

    [Theory]
    [InlineData(null)]
    [InlineData(WeightDtype.Q8)]
    public async Task Requests_at_the_same_time_get_what_each_would_get_alone(WeightDtype? type)
    {
        using LanguageModel model = LoadSets(type, reuse: false);
        var alone = new List<string>();
        for (int i = 0; i < 10; i++) alone.Add(await Generate(model, i));
        Assert.Equal(alone, await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Task.Run(() => Generate(model, i), Stop))));
        CheckRecorded();
    }

    [Fact]
    public async Task A_prompt_that_begins_as_an_earlier_one_is_not_read_again()
    {
        using LanguageModel plain = LoadSets(null, reuse: false);
        string expected = await Generate(plain, 3, beginning: 40);
        using LanguageModel model = LoadSets(null, reuse: true);
        await Generate(model, 3, beginning: 40);
        var options = new GenerationOptions { MaxNewTokens = 1, Streams = Streams(3), Sampling = SamplingOptions.Greedy };
        List<GeneratedPiece> pieces = [.. model.GenerateAsync(Prompt(3, 40), options, Stop).ToBlockingEnumerable(Stop)];
        Assert.InRange(pieces[^1].Statistics!.CachedTokens, 40, Prompt(3, 40).Length);
        Assert.Equal(expected, await Generate(model, 3, beginning: 40));
    }

    [Fact]
    public void Forks_and_rewound_sessions_give_the_bits_of_a_fresh_one()
    {
        using LanguageModel model = LoadSets(null, reuse: false);
        int[] first = Tokens(9, Vocabulary, 1), second = Tokens(7, Vocabulary, 2), third = Tokens(5, Vocabulary, 3);
        foreach (int streams in (int[])[1, 4])
        {
            using Session session = model.CreateSession(40, streams), fresh = model.CreateSession(30, streams);
            session.Append(first, Stop);
            session.Append(second, Stop);
            session.Rewind(9);
            using Session fork = session.Fork(25);
            float[] expected = fresh.Append([.. first, .. third], Stop).ToArray();
            Assert.Equal(expected, fork.Append(third, Stop).ToArray());
            Assert.Equal(expected, session.Append(third, Stop).ToArray());
        }
    }

    [Fact]
    public void Steps_of_one_shape_are_recorded_once()
    {
        using LanguageModel model = LoadSets(null, reuse: false);
        using Session one = model.CreateSession(60, 2), other = model.CreateSession(60, 2);
        one.Append(Tokens(20, Vocabulary, 1), Stop);
        for (int i = 0; i < 10; i++) one.Append([i], Stop);
        int recorded = Shared.Last!.Recorded.Count;
        for (int i = 0; i < 10; i++)
        {
            one.Append([i], Stop);
            other.Append([i], Stop);
        }
        Assert.Equal(recorded, Shared.Last.Recorded.Count);
        Assert.Equal(2, recorded);
    }

    [Fact]
    public void A_recording_in_pieces_gives_the_same_bits()
    {
        string folder = WriteSets();
        int[] tokens = Tokens(30, Vocabulary, 8);
        using LanguageModel whole = Load(folder);
        float[][] expected = Logits(whole, tokens, [25, 1, 4]);
        Assert.All(Shared.Last!.Recorded, pass => Assert.Single(pass.Parts));
        var cut = new SharedDevice(Device) { MostProducts = 1 };
        using LanguageModel model = LanguageModel.Load(folder, new LoadOptions { Device = cut });
        Assert.Equal(expected, Logits(model, tokens, [25, 1, 4]));
        // Each layer's attention row by row, what is before it and what is behind; and the logits.
        Assert.All(cut.Last!.Recorded, pass => Assert.Equal(3 * (2 + pass.Shape.Size.Rows) + 1, pass.Parts.Count));
        Assert.All(cut.Last.Recorded.SelectMany(pass => pass.Parts), Check);
    }

    [Fact]
    public void Far_into_a_text_recordings_are_cut_where_attention_takes_long()
    {
        const int far = 1500;
        RandomCheckpoint.Write(Folder("long"), RandomCheckpoint.Config(streams: 1, hidden: 64, heads: 4, layers: 3, vocabulary: Vocabulary, maxPositions: 2048), seed: 21);
        // Of a token of three layers with attention to 1,024 tokens, and not to 2,048.
        var cut = new SharedDevice(Device) { MostProducts = 600_000 };
        using LanguageModel model = LanguageModel.Load(Folder("long"), new LoadOptions { Device = cut });
        using Session session = model.CreateSession(2048);
        session.Append([1], Stop);
        Assert.Single(cut.Last!.Recorded[^1].Parts);
        session.Append(Tokens(far, Vocabulary, 3), Stop);
        session.Append([1], Stop);
        Assert.Equal(2, cut.Last.Recorded[^1].Parts.Count);
    }

    [Fact]
    public void Streams_weigh_as_they_do_on_the_CPU()
    {
        string folder = WriteSets();
        using LanguageModel model = Load(folder), cpu = LanguageModel.Load(folder);
        foreach (LanguageModel each in (LanguageModel[])[model, cpu]) each.AddStreams(Folder("p4"));
        var options = new GenerationOptions { MaxNewTokens = 5, Streams = 4, StreamWeights = true, IgnoreEndOfText = true, Sampling = SamplingOptions.Greedy };
        float[] Weights(LanguageModel of) =>
            [.. of.GenerateAsync(Tokens(9, Vocabulary, 5), options, Stop).ToBlockingEnumerable(Stop).SelectMany(piece => piece.TokenId is null ? [] : piece.StreamWeights!)];
        float[] found = Weights(model);
        Assert.Equal(20, found.Length);
        Close(Weights(cpu), found, 2e-5, "stream weights");
    }

    private static int[] Prompt(int number, int beginning) =>
        [.. Enumerable.Range(0, beginning).Select(i => i * 7 % Vocabulary), .. Tokens(new Random(number).Next(1, 50), Vocabulary, number)];

    private static int Streams(int number) => 1 << (number % 3);

    private static async Task<string> Generate(LanguageModel model, int number, int beginning = 0)
    {
        var options = new GenerationOptions
        {
            MaxNewTokens = 3 + number,
            Streams = Streams(number),
            IgnoreEndOfText = true,
            TopLogProbs = 1,
            Sampling = new SamplingOptions { Temperature = number % 2, Seed = (ulong)number },
        };
        var tokens = new List<string>();
        await foreach (GeneratedPiece piece in model.GenerateAsync(Prompt(number, beginning), options, Stop))
            tokens.Add(FormattableString.Invariant($"{piece.TokenId} {piece.Prediction?.LogProb:R}"));
        return string.Join('\n', tokens);
    }

    private LanguageModel LoadSets(WeightDtype? type, bool reuse)
    {
        LanguageModel model = Load(WriteSets(), new LoadOptions { Dtype = type, ReusePrefixes = reuse });
        model.AddStreams(Folder("p2"));
        model.AddStreams(Folder("p4"));
        return model;
    }

    private string WriteSets()
    {
        string folder = Folder("plain");
        if (Directory.Exists(folder)) return folder;
        RandomCheckpoint.Write(folder, RandomCheckpoint.Config(streams: 1, hidden: 64, heads: 4, layers: 3, intermediate: 96, vocabulary: Vocabulary, maxPositions: 160), seed: 21);
        foreach (int streams in (int[])[2, 4]) RandomCheckpoint.WriteAddOn(Folder($"p{streams}"), folder, new StreamConfig(streams, 6, 0.1), seed: streams);
        return folder;
    }
}
