using System.Numerics.Tensors;
using ParScale.Generation;

namespace ParScale.Tests.Families;

/// <summary>
/// Rotations whose frequencies follow the length of the sequence: whatever was run before, the next logits are those of the whole text
/// computed at once, to the last bit.
/// </summary>
public sealed class LengthDependentTests : IDisposable
{
    private readonly TempFolder _folder = new();

    /// <summary>Models whose frequencies change after 10 tokens at every step, and once after 16; P.</summary>
    public static TheoryData<string, int> Models => new() { { "llama-dynamic", 1 }, { "llama-dynamic", 2 }, { "phi3", 1 }, { "phi3", 2 } };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Models))]
    public void Token_by_token_is_as_exact_as_all_at_once(string name, int streams)
    {
        using LanguageModel model = Load(name, streams);
        int[] tokens = FamilyRun.Tokens(24, model.Config.VocabularySize);
        using Session session = model.CreateSession(24);
        for (int i = 0; i < tokens.Length; i++) Assert.Equal(Whole(model, tokens[..(i + 1)]), session.Append(tokens.AsSpan(i, 1), Token).ToArray());
        Assert.Equal(24, session.Position);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Only_new_tokens_are_shown(string name, int streams)
    {
        using LanguageModel model = Load(name, streams);
        int[] tokens = FamilyRun.Tokens(24, model.Config.VocabularySize);
        using Session session = model.CreateSession(24);
        session.Append(tokens.AsSpan(0, 9), Token);
        var positions = new List<int>();
        session.Append(tokens.AsSpan(9), (position, _) => positions.Add(position), Token);
        Assert.Equal(Enumerable.Range(9, 15), positions);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Rewound_and_forked_sessions_go_on_as_new_ones(string name, int streams)
    {
        using LanguageModel model = Load(name, streams);
        int[] tokens = FamilyRun.Tokens(24, model.Config.VocabularySize);
        using Session session = model.CreateSession(24);
        session.Append(tokens, Token);
        using Session fork = session.Fork();
        session.Rewind(5);
        Assert.Equal(Whole(model, [.. tokens[..5], 3]), session.Append([3], Token).ToArray());
        fork.Rewind(20);
        Assert.Equal(Whole(model, [.. tokens[..20], 3, 4]), fork.Append([3, 4], Token).ToArray());
        using Session second = session.Fork();
        Assert.Equal(Whole(model, [.. tokens[..5], 3, .. tokens[..15]]), second.Append(tokens.AsSpan(0, 15), Token).ToArray());
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_step_that_was_cancelled_leaves_a_sound_session(string name, int streams)
    {
        using LanguageModel model = Load(name, streams);
        int[] tokens = FamilyRun.Tokens(24, model.Config.VocabularySize);
        using Session session = model.CreateSession(24);
        session.Append(tokens.AsSpan(0, 16), Token);
        // The visitor throws in the middle of the run that computes everything anew.
        Assert.ThrowsAny<Exception>(() => session.Append(tokens.AsSpan(16, 4), (_, _) => throw new InvalidOperationException("enough"), Token));
        Assert.ThrowsAny<OperationCanceledException>(() => session.Append(tokens.AsSpan(16, 4), new CancellationToken(true)));
        Assert.Equal(16, session.Position);
        Assert.Equal(Whole(model, tokens[..18]), session.Append(tokens.AsSpan(16, 2), Token).ToArray());
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Generations_are_those_of_the_whole_text_at_every_step_and_share_no_wrong_prefix(string name, int streams)
    {
        using LanguageModel model = Load(name, streams);
        int[] prompt = FamilyRun.Tokens(13, model.Config.VocabularySize);
        List<int> expected = [.. prompt];
        for (int i = 0; i < 9; i++) expected.Add(TensorPrimitives.IndexOfMax<float>(Whole(model, [.. expected])));
        // The first leaves its keys behind, of whatever length it had; later ones may begin only with those that are right for them.
        foreach (int length in new[] { 13, 13, 8, 13 })
        {
            int[] tokens = await Continue(model, prompt[..length], 22 - length);
            if (length == 13) Assert.Equal(expected[13..], tokens);
        }
        int[][] together = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Continue(model, prompt, 9)));
        Assert.All(together, tokens => Assert.Equal(expected[13..], tokens));
    }

    private static async Task<int[]> Continue(LanguageModel model, int[] prompt, int count)
    {
        var options = new GenerationOptions { MaxNewTokens = count, Sampling = SamplingOptions.Greedy, IgnoreEndOfText = true };
        var tokens = new List<int>();
        await foreach (GeneratedPiece piece in model.GenerateAsync(prompt, options, TestContext.Current.CancellationToken))
            if (piece.TokenId is int token) tokens.Add(token);
        return [.. tokens];
    }

    private static float[] Whole(LanguageModel model, int[] tokens)
    {
        using Session session = model.CreateSession(tokens.Length);
        return session.Append(tokens, Token).ToArray();
    }

    private LanguageModel Load(string name, int streams)
    {
        FamilyConfigs.Write(_folder.Path, name, streams, seed: 6);
        return LanguageModel.Load(_folder.Path, new LoadOptions { Threads = 2 });
    }
}
