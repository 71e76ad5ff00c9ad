using System.Text.Json;
using Json.Schema;
using ParScale.Generation;
using ParScale.Generation.Constraints;

namespace ParScale.Tests.Generation.Constraints;

public sealed class ConstrainedGenerationTests : IDisposable
{
    private const string Schema = """
        {"type": "object", "properties": {"hello": {"enum": ["world", "th\u00e9"]}, "n": {"type": "integer", "minimum": 10, "maximum": 99},
         "list": {"type": "array", "items": {"type": "boolean"}, "maxItems": 3}}, "required": ["hello", "n"], "additionalProperties": false}
        """;

    private readonly TempFolder _folder = new();
    private readonly LanguageModel _model;

    public ConstrainedGenerationTests()
    {
        RandomCheckpoint.Write(_folder.Path, RandomCheckpoint.Config(streams: 2, vocabulary: TinyTokenizer.VocabularySize, maxPositions: 400, endOfText: [TinyTokenizer.EndOfText]), seed: 8);
        TinyTokenizer.Write(_folder.Path);
        _model = LanguageModel.Load(_folder.Path);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20)]
    public void A_random_model_writes_what_the_schema_allows(double temperature)
    {
        var constraint = OutputConstraint.JsonSchema(JsonDocument.Parse(Schema).RootElement);
        GrammarAutomaton automaton = GrammarText.Of(Schema);
        var oracle = JsonSchema.FromText(Schema);
        int whole = 0;
        for (ulong seed = 0; seed < 20; seed++)
        {
            string text = Write(new GenerationOptions
            {
                Constraint = constraint,
                MaxNewTokens = 300,
                Sampling = new SamplingOptions { Temperature = temperature, Seed = seed },
            });
            Assert.True(GrammarText.Begins(automaton, text), text);
            // Blank space may take all of the room.
            if (!text.EndsWith('}')) continue;
            whole++;
            using var value = JsonDocument.Parse(text);
            Assert.True(oracle.Evaluate(value.RootElement).IsValid, text);
        }
        Assert.InRange(whole, temperature == 0 ? 0 : 10, 20);
    }

    [Fact]
    public void The_text_ends_when_it_is_whole()
    {
        var constraint = OutputConstraint.JsonSchema(JsonDocument.Parse("""{"enum": ["hello"]}""").RootElement);
        Assert.Equal("\"hello\"", Write(new GenerationOptions { Constraint = constraint, MaxNewTokens = 300 }));
    }

    [Fact]
    public void An_end_that_may_come_or_not_is_the_models_to_choose()
    {
        var constraint = OutputConstraint.JsonSchema(JsonDocument.Parse("""{"type": "integer", "minimum": 1}""").RootElement);
        HashSet<int> lengths = [];
        for (ulong seed = 0; seed < 30; seed++)
        {
            string text = Write(new GenerationOptions { Constraint = constraint, Sampling = new SamplingOptions { Temperature = 3, Seed = seed } });
            Assert.True(long.Parse(text, System.Globalization.CultureInfo.InvariantCulture) > 0);
            lengths.Add(text.Length);
        }
        Assert.True(lengths.Count > 3);
    }

    [Fact]
    public async Task An_end_that_is_ignored_is_not_chosen()
    {
        var constraint = OutputConstraint.JsonSchema(JsonDocument.Parse("""{"type": "integer", "minimum": 1}""").RootElement);
        for (ulong seed = 0; seed < 10; seed++)
        {
            var options = new GenerationOptions { Constraint = constraint, MaxNewTokens = 8, IgnoreEndOfText = true, Sampling = new SamplingOptions { Temperature = 3, Seed = seed } };
            await foreach (GeneratedPiece piece in _model.GenerateAsync(new[] { 1 }, options, TestContext.Current.CancellationToken))
                Assert.NotEqual(TinyTokenizer.EndOfText, piece.TokenId);
        }
    }

    [Fact]
    public void A_text_goes_on_whatever_others_filled_the_states_with()
    {
        var shared = new OutputConstraint(JsonText.Object);
        ConstrainedText text = shared.Begin(_model.Tokenizer, []), alone = new OutputConstraint(JsonText.Object).Begin(_model.Tokenizer, []);
        int[] tokens = _model.Tokenizer.Encode("{\"a\": [1, {\"b\": null}]}");
        for (int i = 0; i < tokens.Length; i++)
        {
            // Once before a mask is asked for, and once between a mask and the token that is chosen by it.
            if (i == 2) Fill(shared.Walk().Automaton);
            Assert.Equal(Allowed(alone), Allowed(text));
            if (i == 4) Fill(shared.Walk().Automaton);
            Assert.Contains(tokens[i], Allowed(text));
            text.Append(tokens[i]);
            alone.Append(tokens[i]);
        }
        Assert.True(text.IsComplete);
        Assert.True(shared.Begin(_model.Tokenizer, []).Next([]).Contains(tokens[0]));

        int[] Allowed(ConstrainedText one)
        {
            TokenMask mask = one.Next([]);
            return [.. Enumerable.Range(0, _model.Tokenizer.VocabularySize).Where(mask.Contains)];
        }

        static void Fill(GrammarAutomaton automaton)
        {
            var seen = new HashSet<int> { automaton.Start };
            var open = new Queue<int>(seen);
            ParScaleException full = Assert.Throws<ParScaleException>(() =>
            {
                while (open.TryDequeue(out int state))
                {
                    for (int value = 0; value < 256; value++)
                        if (automaton.Next(state, (byte)value) is var next and not GrammarAutomaton.Dead && seen.Add(next)) open.Enqueue(next);
                }
            });
            Assert.Equal(GrammarAutomaton.TooManyStates, full.Code);
        }
    }

    [Fact]
    public void Brackets_close_before_they_are_too_deep()
    {
        var automaton = new GrammarAutomaton(JsonText.Object);
        string open = string.Concat(Enumerable.Repeat("{\"a\":[", JsonText.MostDepth / 2));
        Assert.True(GrammarText.Begins(automaton, open));
        Assert.True(GrammarText.Begins(automaton, open + "{\"a\":1"));
        Assert.False(GrammarText.Begins(automaton, open + "{\"a\":["));
        Assert.InRange(automaton.StateCount, 1, GrammarAutomaton.MostStates / 2);
    }

    [Fact]
    public void A_vocabulary_without_the_letters_is_refused()
    {
        RandomCheckpoint.Write(_folder.File("few"), RandomCheckpoint.Config(streams: 1, vocabulary: 50), seed: 8);
        using LanguageModel few = LanguageModel.Load(_folder.File("few"));
        ParScaleException refused = Assert.Throws<ParScaleException>(() =>
            few.GenerateAsync(new[] { 1 }, new GenerationOptions { Constraint = OutputConstraint.JsonObject }, TestContext.Current.CancellationToken)
                .ToBlockingEnumerable(TestContext.Current.CancellationToken).Count());
        Assert.Equal("JS-04", refused.Code);
    }

    private string Write(GenerationOptions options) => _model.Generate("the", options, TestContext.Current.CancellationToken);

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }
}
