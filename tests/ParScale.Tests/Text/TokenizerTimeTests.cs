using ParScale.Text;

namespace ParScale.Tests.Text;

[CollectionDefinition(nameof(TokenizerTimeTests), DisableParallelization = true)]
[Collection(nameof(TokenizerTimeTests))]
public class TokenizerTimeTests
{
    private const int Length = 1_000_000;
    // Sixteen times the text: linear time is 16 times as much, quadratic 256. The bound, 16 to the power of 1.5, leaves each a factor of four: a
    // megabyte leaves the caches that a sixteenth of it stays in, and other programs on a machine cost more than a log n.
    private const int Growth = 16;
    private const double LargestRatio = 64;
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
    public void TK10_sixteen_times_the_text_takes_about_sixteen_times_the_time(string unit) => CheckTime(Tiny, unit);

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
        Assert.InRange(Time(tokenizer, new string('a', Length)), 0, Most);
    }

    private static void CheckTime(Tokenizer tokenizer, string unit)
    {
        string whole = string.Concat(Enumerable.Repeat(unit, Length / unit.Length));
        string part = whole[..(whole.Length / Growth / unit.Length * unit.Length)];
        double partTime = double.MaxValue;
        double wholeTime = double.MaxValue;

        // Processor time, since other processes' turns count in wall time; the shortest of a few runs, since the collector's count in both.
        // The whole comes first: it leaves compiled code to the part.
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            wholeTime = Math.Min(wholeTime, Time(tokenizer, whole));
            partTime = Math.Min(partTime, Time(tokenizer, part));
            if (attempt > 1 && wholeTime <= LargestRatio * partTime) return;
        }
        Assert.Fail($"{partTime:F4} s for a sixteenth of it, {wholeTime:F4} s for the whole");
    }

    private static double Time(Tokenizer tokenizer, string text)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        tokenizer.Encode(text);
        return (Environment.CpuUsage.TotalTime - start).TotalSeconds;
    }
}
