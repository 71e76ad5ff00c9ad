using ParScale.Text;

namespace ParScale.Tests.Text;

[CollectionDefinition(nameof(TokenizerTimeTests), DisableParallelization = true)]
[Collection(nameof(TokenizerTimeTests))]
public class TokenizerTimeTests
{
    private const int Half = 500_000;
    // Quadratic time would be four times as much; caches and the other load of a machine cost more than a log n.
    private const double LargestRatio = 3;
    private const int Attempts = 20;

    private static readonly Tokenizer Tiny = new TinyTokenizer().Load();

    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("\u0301")]
    [InlineData("\u0301\u0323")]
    [InlineData("!")]
    [InlineData("\n")]
    [InlineData("\0")]
    [InlineData("\U0001D400")]
    [InlineData("<|endoftext|>")]
    public void TK10_twice_the_text_takes_about_twice_the_time(string unit) => CheckTime(Tiny, unit);

    [Theory]
    [InlineData("", "gpt4o", "a")]
    [InlineData("", "gpt4o", " ")]
    [InlineData("", "deepseek3", "!")]
    [InlineData("", "nfkc", "\uFF9E\u0334")]
    [InlineData("characters", "llama2", "a ")]
    [InlineData("characters", "llama2", " ")]
    [InlineData("characters", "llama2", "\U0001D400")]
    [InlineData("characters", "metaspace-always", " ")]
    public void TK10_so_it_does_under_the_rules_of_other_models(string vocabulary, string pipeline, string unit) =>
        CheckTime(ReferenceVectors.Load(vocabulary, root => ReferenceVectors.Apply(ReferenceVectors.Pipeline(vocabulary, pipeline), root)), unit);

    // In quadratic time this takes minutes.
    [Theory]
    [MemberData(nameof(PipelineVectorTests.Pipelines), MemberType = typeof(PipelineVectorTests))]
    public void TK10_a_megabyte_of_one_letter_takes_seconds_at_most_under_the_rules_of_any_model(string vocabulary, string pipeline)
    {
        const double Most = 5;
        Tokenizer tokenizer = ReferenceVectors.Load(vocabulary, root => ReferenceVectors.Apply(ReferenceVectors.Pipeline(vocabulary, pipeline), root));
        Assert.InRange(Time(tokenizer, new string('a', 2 * Half)), 0, Most);
    }

    private static void CheckTime(Tokenizer tokenizer, string unit)
    {
        string half = string.Concat(Enumerable.Repeat(unit, Half / unit.Length));
        string whole = half + half;
        double halfTime = double.MaxValue;
        double wholeTime = double.MaxValue;

        // Processor time, since other processes' turns count in wall time; the shortest of a few runs, since the collector's count in both.
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            halfTime = Math.Min(halfTime, Time(tokenizer, half));
            wholeTime = Math.Min(wholeTime, Time(tokenizer, whole));
            if (attempt > 1 && wholeTime <= LargestRatio * halfTime) return;
        }
        Assert.Fail($"{halfTime:F4} s for half of it, {wholeTime:F4} s for the whole");
    }

    private static double Time(Tokenizer tokenizer, string text)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        tokenizer.Encode(text);
        return (Environment.CpuUsage.TotalTime - start).TotalSeconds;
    }
}
