using System.Text;
using System.Text.Json.Nodes;
using ParScale.Training.Data.Preparation;
using ParScale.Training.Data.Rows;
using ParScale.Training.Tests.Data.Parquet;

namespace ParScale.Training.Tests.Data.Preparation;

public sealed class SkippedRowsTests
{
    [Theory]
    [InlineData(1, 99, "0.01", true)]
    [InlineData(1, 98, "0.01", false)]
    [InlineData(1, 98, "0.02", true)]
    [InlineData(3, 1, "0.7", false)]
    [InlineData(3, 1, "1", true)]
    [InlineData(0, 5, "0", true)]
    [InlineData(1, 5000, "0", false)]
    public void A_run_that_would_leave_out_too_many_stops_and_writes_nothing(int bad, int good, string share, bool runs)
    {
        using var folder = new TempFolder();
        string tokenizer = Samples.Inputs(folder)[3];
        File.WriteAllLines(folder.File("a.jsonl"), [.. Enumerable.Repeat("""{"txt":"the"}""", bad), .. Enumerable.Repeat("""{"text":"the"}""", good)]);
        (int exit, string[] errors) = InProcess.Run("data", "--data", folder.File("a.jsonl"), "--tokenizer", tokenizer, "-o", folder.File("out"), "--val-fraction", "0",
            "--skip-bad", "--max-bad", share);
        Assert.Equal(runs ? 0 : 3, exit);
        Assert.Equal(runs, Directory.Exists(folder.File("out")));
        if (runs) return;
        Assert.StartsWith("parscale-train: error TD-19: ", errors[^1], StringComparison.Ordinal);
        Assert.Contains($"{bad} of {bad + good} rows", errors[^1], StringComparison.Ordinal);
        Assert.Contains("TD-03", errors[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("--skip-bad", errors[^1], StringComparison.Ordinal);
        Assert.Contains(errors, line => line.StartsWith("skipped TD-03: ", StringComparison.Ordinal) && line.Contains("line 1: ", StringComparison.Ordinal));
    }

    [Fact]
    public void One_in_a_hundred_is_the_default_and_the_flag_needs_the_other()
    {
        using var folder = new TempFolder();
        string tokenizer = Samples.Inputs(folder)[3];
        File.WriteAllLines(folder.File("a.jsonl"), ["oops", .. Enumerable.Repeat("""{"text":"the"}""", 60)]);
        string[] flags = ["data", "--data", folder.File("a.jsonl"), "--tokenizer", tokenizer, "-o", folder.File("out"), "--val-fraction", "0"];
        Assert.Equal(3, InProcess.Run([.. flags, "--skip-bad"]).ExitCode);
        Assert.Equal(2, InProcess.Run([.. flags, "--max-bad", "0.5"]).ExitCode);
        Assert.Equal(2, InProcess.Run([.. flags, "--skip-bad", "--max-bad", "1.5"]).ExitCode);
        Assert.Equal(2, InProcess.Run([.. flags, "--skip-bad", "--max-bad", "NaN"]).ExitCode);
        Assert.Equal(0, InProcess.Run([.. flags, "--skip-bad", "--max-bad", "0.5"]).ExitCode);
    }

    [Fact]
    public async Task Exactly_the_bad_rows_of_a_table_are_left_out()
    {
        using var folder = new TempFolder();
        string tokenizer = Samples.Inputs(folder)[3];
        var rows = new JsonRow(new FieldNames(), ChatRenderer.ChatMl);
        int skipped = 0;
        for (int seed = 0; seed < 20; seed++)
        {
            List<JsonNode?> table;
            await using (FileStream file = File.Create(folder.File("t.parquet"))) table = await RandomTable.Write(file, new Random(seed));
            string[] good = [.. table.Select(row => row!.ToJsonString()).Where(row => IsGood(rows, row))];
            if (good.Length == 0) continue;
            await File.WriteAllLinesAsync(folder.File("good.jsonl"), good, TestContext.Current.CancellationToken);
            PreparationReport all = Prepare("t.parquet", skip: true);
            PreparationReport best = Prepare("good.jsonl", skip: false);
            Assert.Equal((best.Hash, (long)table.Count - good.Length), (all.Hash, all.Skipped));
            skipped += table.Count - good.Length;
        }
        Assert.True(skipped > 50);

        PreparationReport Prepare(string name, bool skip) => new DataPreparation(new PreparationOptions
        {
            Data = [folder.File(name)],
            TokenizerFolder = tokenizer,
            Output = folder.File("out"),
            Force = true,
            ValidationFraction = 0,
            SkipBad = skip,
            MaxBad = skip ? 1 : PreparationOptions.DefaultMaxBad,
        }).Run(TestContext.Current.CancellationToken);
    }

    private static bool IsGood(JsonRow rows, string json)
    {
        try
        {
            rows.Parse(Encoding.UTF8.GetBytes(json), RowLocation.Row("x", 1));
            return true;
        }
        catch (ParScaleException)
        {
            return false;
        }
    }

    [Fact]
    public void Leaving_rows_out_is_offered_for_rows_alone()
    {
        using var folder = new TempFolder();
        string tokenizer = Samples.Inputs(folder)[3];
        File.WriteAllText(folder.File("row.jsonl"), "oops\n");
        File.WriteAllBytes(folder.File("whole.txt"), [0x61, 0xFF]);
        File.WriteAllText(folder.File("cut.parquet"), "PAR1 and no more");
        foreach ((string name, bool offered) in ((string, bool)[])[("row.jsonl", true), ("whole.txt", false), ("cut.parquet", false), ("missing.jsonl", false)])
        {
            (int exit, string[] errors) = InProcess.Run("data", "--data", folder.File(name), "--tokenizer", tokenizer, "-o", folder.File("out"));
            Assert.Equal(3, exit);
            Assert.Equal(offered, errors[^1].Contains("--skip-bad", StringComparison.Ordinal));
        }
    }
}
