using System.Text.Json;
using ParScale.Training.Commands;
using ParScale.Training.Data.Preparation;
using ParScale.Training.Data.Shards;

namespace ParScale.Training.Tests.Data.Preparation;

public sealed class DataPreparationTests
{
    [Fact]
    public void Tokens_boundaries_and_masks_are_those_of_each_document_alone()
    {
        using var folder = new TempFolder();
        string tokenizer = Samples.Inputs(folder)[3];
        File.WriteAllLines(folder.File("a.jsonl"),
        [
            """{"prompt":"the king","completion":" of juliet"}""", "", """{"text":"romeo and juliet"}""",
            """{"messages":[{"role":"user","content":"<|endoftext|>"},{"role":"assistant","content":"night"}]}""",
        ]);
        File.WriteAllText(folder.File("b.txt"), "ale\nof the night");
        PreparationReport report = Run(folder, "out", ["a.jsonl", "b.txt"], options => options with { ValidationFraction = 0, ShardTokens = 1 });

        var plain = ParScale.Text.Tokenizer.Load(tokenizer);
        int[][] expected =
        [
            [.. plain.Encode("the king"), .. plain.Encode(" of juliet"), 299],
            [.. plain.Encode("romeo and juliet"), 299],
            [
                .. plain.Encode("<|im_start|>user\n<|endoftext|><|im_end|>\n<|im_start|>assistant\n"), .. plain.Encode("night<|im_end|>"), .. plain.Encode("\n"),
            ],
            [.. plain.Encode("ale\nof the night"), 299],
        ];
        // One token a shard: every document has its own.
        Assert.Equal((4, 4, 0), (report.Documents, report.Shards, report.ValidationDocuments));
        for (int i = 0; i < 4; i++)
        {
            byte[] bytes = File.ReadAllBytes(folder.File($"out/train-0000{i}.tokens"));
            Assert.Equal(expected[i], Enumerable.Range(0, bytes.Length / 2).Select(at => bytes[2 * at] | bytes[2 * at + 1] << 8));
            Assert.Equal(BitConverter.GetBytes((long)expected[i].Length), File.ReadAllBytes(folder.File($"out/train-0000{i}.documents")));
        }
        Assert.Equal([0, 2], Enumerable.Range(0, 4).Where(i => File.Exists(folder.File($"out/train-0000{i}.loss"))));
        int asked = plain.Encode("the king").Length;
        byte[] mask = File.ReadAllBytes(folder.File("out/train-00000.loss"));
        Assert.Equal(Enumerable.Range(0, expected[0].Length).Select(i => i >= asked), Enumerable.Range(0, expected[0].Length).Select(i => (mask[i / 8] >> i % 8 & 1) == 1));
        Assert.Equal("whole", report.Packing);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void Threads_change_nothing_and_a_share_is_held_out(int threads)
    {
        using var folder = new TempFolder();
        Samples.Inputs(folder);
        File.WriteAllLines(folder.File("a.jsonl"), Enumerable.Range(0, 3000).Select(i => JsonSerializer.Serialize(new { text = $"{i} the king" })));
        PreparationReport one = Run(folder, "one", ["a.jsonl"], options => options with { ValidationFraction = 0.1 });
        PreparationReport two = Run(folder, "two", ["a.jsonl"], options => options with { ValidationFraction = 0.1, Threads = threads, ShardTokens = 1 << 30 });
        Assert.Equal(one.Hash, two.Hash);
        Assert.Equal(3000, one.Documents + one.ValidationDocuments);
        Assert.InRange(one.ValidationDocuments, 240, 360);
        PreparationReport other = Run(folder, "other", ["a.jsonl"], options => options with { ValidationFraction = 0.1, Seed = 2 });
        Assert.NotEqual(one.Hash, other.Hash);
    }

    [Fact]
    public void Equal_documents_fall_to_one_side_and_their_place_changes_nothing()
    {
        using var folder = new TempFolder();
        Samples.Inputs(folder);
        string[] rows = [.. Enumerable.Range(0, 200).Select(i => JsonSerializer.Serialize(new { text = $"{i} the king" }))];
        File.WriteAllLines(folder.File("once.jsonl"), rows);
        File.WriteAllLines(folder.File("thrice.jsonl"), [.. rows.Reverse(), .. rows, .. rows]);
        static PreparationOptions Half(PreparationOptions options) => options with { ValidationFraction = 0.5 };
        PreparationReport once = Run(folder, "once", ["once.jsonl"], Half), thrice = Run(folder, "thrice", ["thrice.jsonl"], Half);
        Assert.InRange(once.ValidationDocuments, 70, 130);
        Assert.Equal((3 * once.Documents, 3 * once.ValidationDocuments), (thrice.Documents, thrice.ValidationDocuments));
        Assert.Equal((3 * once.Tokens, 3 * once.ValidationTokens), (thrice.Tokens, thrice.ValidationTokens));
    }

    [Fact]
    public void A_long_text_is_one_document_with_the_tokens_of_the_whole()
    {
        using var folder = new TempFolder();
        string tokenizer = Samples.Inputs(folder)[3];
        string text = string.Concat(Enumerable.Repeat(Samples.Text(3000), 120));
        File.WriteAllText(folder.File("long.txt"), text);
        PreparationReport report = Run(folder, "out", ["long.txt"], options => options with { ValidationFraction = 0 });
        Assert.Equal((1, "cut"), (report.Documents, report.Packing));
        Assert.Equal(ParScale.Text.Tokenizer.Load(tokenizer).Encode(text).Length + 1, report.Tokens);
        Assert.Equal(text.EnumerateRunes().Sum(rune => rune.Utf8SequenceLength), report.TextBytes);
    }

    [Fact]
    public void A_bad_row_stops_all_or_is_counted()
    {
        using var folder = new TempFolder();
        Samples.Inputs(folder);
        File.WriteAllLines(folder.File("a.jsonl"), [.. Enumerable.Repeat("""{"text":"the"}""", 1016), "oops", .. Enumerable.Repeat("""{"text":""}""", 20)]);
        File.WriteAllBytes(folder.File("b.txt"), [.. "fine\nfine\n"u8, 0xC3, .. "\n"u8]);
        var error = Assert.Throws<ParScaleException>(() => Run(folder, "out", ["a.jsonl", "b.txt"]));
        Assert.Equal(("TD-02", ErrorKind.BadInput), (error.Code, error.Kind));
        Assert.Contains("a.jsonl\": line 1017: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("line 3: is not UTF-8", Assert.Throws<ParScaleException>(() => Run(folder, "out", ["b.txt"])).Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(folder.Path), entry => entry.Contains("out", StringComparison.Ordinal));

        PreparationReport report = Run(folder, "out", ["a.jsonl", "b.txt"], options => options with { SkipBad = true, MaxBad = 0.1, ValidationFraction = 0 });
        Assert.Equal((1016, 22), (report.Documents + report.ValidationDocuments, report.Skipped));
    }

    [Fact]
    public void A_long_text_with_a_bad_end_leaves_no_beginning()
    {
        using var folder = new TempFolder();
        Samples.Inputs(folder);
        File.WriteAllBytes(folder.File("bad.txt"), [.. Enumerable.Repeat("the king\n"u8.ToArray(), 300_000).SelectMany(line => line), 0xFF]);
        File.WriteAllText(folder.File("good.txt"), "the king");
        PreparationReport report = Run(folder, "out", ["bad.txt", "good.txt"], options => options with { SkipBad = true, MaxBad = 1, ValidationFraction = 0 });
        Assert.Equal((1, 1), (report.Documents, report.Skipped));
        Assert.InRange(report.Tokens, 2, 9);
    }

    [Fact]
    public void A_taken_place_is_left_alone_unless_it_holds_shards_and_force_is_given()
    {
        using var folder = new TempFolder();
        Samples.Inputs(folder);
        File.WriteAllText(folder.File("a.txt"), "the king");
        Directory.CreateDirectory(folder.File("mine"));
        File.WriteAllText(folder.File("mine/index.json"), "mine");
        Assert.Equal("TD-12", Assert.Throws<ParScaleException>(() => Run(folder, "mine", ["a.txt"], All with { Force = true })).Code);
        Assert.Equal("TD-12", Assert.Throws<ParScaleException>(() => Run(folder, "a.txt", ["a.txt"], All with { Force = true })).Code);
        PreparationReport first = Run(folder, "out", ["a.txt"], All);
        Assert.Equal("TD-12", Assert.Throws<ParScaleException>(() => Run(folder, "out", ["a.txt"], All)).Code);
        File.WriteAllText(folder.File("a.txt"), "the king and night");
        Assert.NotEqual(first.Hash, Run(folder, "out", ["a.txt"], All with { Force = true }).Hash);
        Assert.Equal(["mine", "out", "tokenizer"], Directory.GetDirectories(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Nothing_usable_and_nothing_held_out_are_told()
    {
        using var folder = new TempFolder();
        Samples.Inputs(folder);
        File.WriteAllText(folder.File("a.jsonl"), "{}\n{}\n");
        File.WriteAllText(folder.File("a.txt"), "the king");
        var none = Assert.Throws<ParScaleException>(() => Run(folder, "out", ["a.jsonl"], All with { SkipBad = true, MaxBad = 1 }));
        Assert.Equal("TD-06", none.Code);
        Assert.Contains("0 usable documents of 2", none.Message, StringComparison.Ordinal);
        Assert.Equal("TD-17", Assert.Throws<ParScaleException>(() => Run(folder, "out", ["a.txt"], All with { ValidationFraction = 0.01 })).Code);
        Assert.Equal(1, Run(folder, "out", ["a.txt"], All with { ValidationData = [folder.File("a.txt")] }).ValidationDocuments);
    }

    [Fact]
    public void Stopping_leaves_nothing()
    {
        using var folder = new TempFolder();
        Samples.Inputs(folder);
        File.WriteAllText(folder.File("a.txt"), "the king");
        Assert.Throws<OperationCanceledException>(() => new DataPreparation(Options(folder, "out", ["a.txt"], All)).Run(new CancellationToken(canceled: true)));
        Assert.Equal(["tokenizer"], Directory.GetDirectories(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void The_command_knows_all_flags_and_prints_one_object()
    {
        using var folder = new TempFolder();
        string tokenizer = Samples.Inputs(folder)[3];
        File.WriteAllText(folder.File("a.jsonl"), """{"q":"the king","a":" of night"}""");
        Assert.Equal(2, CommandLine.Run(["data", "--data", folder.File("a.jsonl"), "--tokenizer", tokenizer, "-o", folder.File("o"), "--format", "csv"]));
        Assert.Equal(2, CommandLine.Run(["data", "--data", folder.File("a.jsonl"), "--tokenizer", tokenizer, "-o", folder.File("o"), "--val-fraction", "1"]));
        Assert.Equal(3, CommandLine.Run(["data", "--data", folder.File("a.jsonl"), "--tokenizer", folder.Path, "-o", folder.File("o")]));
        (int exit, string output, string _) = Trained.Run("data", "--data", folder.File("a.jsonl"), "--tokenizer", tokenizer, "-o", folder.File("o"),
            "--prompt-field", "q", "--completion-field", "a", "--val-fraction", "0", "--packing", "whole", "--threads", "1", "--json");
        Assert.Equal(0, exit);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(1, json.RootElement.GetProperty("documents").GetInt64());
        Assert.Equal(64, json.RootElement.GetProperty("hash").GetString()?.Length);
        Assert.Equal(Packing.Whole, ShardIndex.Read(folder.File("o")).Index.Packing);
    }

    private static PreparationOptions All { get; } = new() { Data = [], TokenizerFolder = "", Output = "", ValidationFraction = 0 };

    private static PreparationReport Run(TempFolder folder, string output, string[] files, Func<PreparationOptions, PreparationOptions>? change = null)
    {
        PreparationOptions options = Options(folder, output, files, All with { ValidationFraction = 0.01 });
        return new DataPreparation(change?.Invoke(options) ?? options).Run(TestContext.Current.CancellationToken);
    }

    private static PreparationReport Run(TempFolder folder, string output, string[] files, PreparationOptions options) =>
        new DataPreparation(Options(folder, output, files, options)).Run(TestContext.Current.CancellationToken);

    private static PreparationOptions Options(TempFolder folder, string output, string[] files, PreparationOptions options) =>
        options with { Data = [.. files.Select(folder.File)], TokenizerFolder = folder.File("tokenizer"), Output = folder.File(output) };
}
