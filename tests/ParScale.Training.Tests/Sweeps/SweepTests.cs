using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.ScalingLaws.Law;

namespace ParScale.Training.Tests.Sweeps;

/// <summary>Sweeps from outside, as processes.</summary>
public sealed class SweepTests
{
    [Fact]
    public void All_runs_are_made_once_and_the_law_reads_their_table()
    {
        using var folder = new TempFolder();
        string file = SweepSamples.Write(folder, sweep => sweep["grid"]!.AsObject().Remove("seed"));
        (int exitCode, string output, string error) = Trained.Run("sweep", file, "-o", folder.File("out"), "--threads", "1", "--json");
        Assert.True(exitCode == 0, error);
        using JsonDocument report = JsonDocument.Parse(output);
        Assert.Equal(4, report.RootElement.GetProperty("done").GetInt32());

        string[] lines = File.ReadAllLines(folder.File("out/results.csv"));
        Assert.Equal(["name", "S-p1", "S-p2", "M-p1", "M-p2"], lines.Select(line => line.Split(',')[0]));
        using var text = new StringReader(string.Join('\n', lines));
        LossTable table = LossTable.Parse(text, "results");
        Assert.Equal([1, 2, 1, 2], table.Points.Select(point => point.P));
        // 300 tokens of width 16 are the embedding.
        double total = double.Parse(lines[2].Split(',')[5], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(total - 300 * 16, table.Points[1].N);
        using JsonDocument log = JsonDocument.Parse(File.ReadLines(folder.File("out/runs/S-p2/log.jsonl")).Last());
        Assert.Equal(log.RootElement.GetProperty("val_loss_per_token").GetDouble(), table.Points[1].Loss, 1e-2);

        DateTime before = Directory.GetLastWriteTimeUtc(folder.File("out/runs/S-p2/final"));
        Assert.Equal(0, Trained.Run("sweep", file, "-o", folder.File("out")).ExitCode);
        Assert.Equal(before, Directory.GetLastWriteTimeUtc(folder.File("out/runs/S-p2/final")));
        Assert.Equal(lines, File.ReadAllLines(folder.File("out/results.csv")));

        // Another machine has the table alone: it makes no run again.
        (exitCode, _, error) = Trained.Run("sweep", file, "-o", folder.File("elsewhere"), "--threads", "1", "--done", folder.File("out/results.csv"));
        Assert.True(exitCode == 0, error);
        Assert.DoesNotContain("begins", error, StringComparison.Ordinal);
        Assert.Equal(lines, File.ReadAllLines(folder.File("elsewhere/results.csv")));
        string changed = SweepSamples.Write(folder, sweep => { sweep["grid"]!.AsObject().Remove("seed"); sweep["base"]!["lr"] = 1e-3; });
        (exitCode, _, error) = Trained.Run("sweep", changed, "-o", folder.File("third"), "--threads", "1", "--done", folder.File("out/results.csv"));
        Assert.Equal(2, exitCode);
        Assert.Contains("error SW-10", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_keeps_kinds_of_streams_apart_and_has_the_size_of_each_cut()
    {
        using var folder = new TempFolder();
        JsonObject Model(string name, int hidden, params (string Key, JsonNode Value)[] more)
        {
            var model = new JsonObject { ["name"] = name, ["hidden"] = hidden, ["intermediate"] = 24 };
            foreach ((string key, JsonNode value) in more) model[key] = value;
            return model;
        }
        string file = SweepSamples.Write(folder, sweep =>
        {
            sweep["models"] = new JsonArray(
                Model("plain", 16, ("streams", 1)), Model("p2", 16, ("streams", 2)), Model("elastic", 16, ("streams", 2), ("elastic", "1,2")),
                Model("larger", 24, ("streams", 2), ("elastic", "1,2")), Model("anchored", 16, ("streams", 2), ("anchored", true)));
            sweep["grid"] = new JsonObject { ["seed"] = new JsonArray(1) };
        });
        (int exitCode, _, string error) = Trained.Run("sweep", file, "-o", folder.File("out"), "--threads", "1");
        Assert.True(exitCode == 0, error);
        string table = File.ReadAllText(folder.File("out/results.csv"));
        string[][] rows = [.. table.TrimEnd().Split('\n').Select(line => line.Split(','))];
        string[] Column(string name) => [.. rows.Skip(1).Select(row => row[Array.IndexOf(rows[0], name)])];
        Assert.Equal(["plain", "ordinary", "elastic", "elastic", "anchored"], Column("stream_kind"));
        string[] sizes = Column("n");
        Assert.Equal($"1:{sizes[0]} 2:{sizes[1]}", Column("elastic_n")[2]);
        LossTable elastic = LossTable.Parse(new StringReader(table), "results", StreamKind.Elastic);
        Assert.Equal([1, 2, 1, 2], elastic.Points.Select(point => point.P));
        Assert.Equal(double.Parse(sizes[3], System.Globalization.CultureInfo.InvariantCulture), elastic.Points[3].N);
    }

    [Fact]
    public void A_run_that_fails_is_named_and_the_others_are_made()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("short.txt"), "ab");
        string file = SweepSamples.Write(folder, sweep =>
        {
            sweep.Remove("models");
            sweep["base"]!["hidden"] = 16;
            sweep["base"]!.AsObject().Remove("data");
            sweep["grid"] = new JsonObject { ["data"] = new JsonArray("short.txt", "text.txt") };
        });
        (int exitCode, string output, string error) = Trained.Run("sweep", file, "-o", folder.File("out"), "--json");
        Assert.Equal(3, exitCode);
        Assert.Contains("error SW-07: 1 of 2 runs failed, data-short", error, StringComparison.Ordinal);
        using JsonDocument report = JsonDocument.Parse(output);
        JsonElement failure = Assert.Single(report.RootElement.GetProperty("failed").EnumerateArray());
        Assert.Contains("error TR-0", failure.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(["name", "data-text"], File.ReadLines(folder.File("out/results.csv")).Select(line => line.Split(',')[0]));
    }

    [Fact]
    public void A_dry_run_makes_nothing()
    {
        using var folder = new TempFolder();
        (int exitCode, string output, _) = Trained.Run("sweep", SweepSamples.Write(folder), "-o", folder.File("out"), "--dry-run");
        Assert.Equal(0, exitCode);
        Assert.Equal(8 + 1, output.TrimEnd().Split('\n').Length);
        Assert.False(Directory.Exists(folder.File("out")));
    }
}
