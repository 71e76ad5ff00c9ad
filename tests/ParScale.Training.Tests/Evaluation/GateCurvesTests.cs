using System.Text.Json;
using ParScale.Configuration;
using ParScale.Training.Data;
using ParScale.Training.Evaluation;

namespace ParScale.Training.Tests.Evaluation;

public sealed class GateCurvesTests
{
    [Fact]
    public void Points_are_those_of_trying_each_gate()
    {
        var random = new Random(5);
        double[] Drawn(double scale) => [.. Enumerable.Range(0, 40).Select(_ => scale * random.NextDouble())];
        double[] alone = Drawn(3), all = Drawn(2.5), entropies = Drawn(2);
        GateCurves curves = GateCurves.Of(4, alone, all, entropies);
        Assert.Equal(21, curves.Points.Count);
        foreach (GatePoint point in curves.Points)
        {
            int open = (int)Math.Round(point.Share * 40);
            Assert.Equal(1 + 3 * open / 40.0, point.MeanStreams, 1e-12);
            double Loss(Func<int, double> order) => Enumerable.Range(0, 40).OrderByDescending(order).Select((i, at) => at < open ? all[i] : alone[i]).Average();
            Assert.Equal(Loss(i => entropies[i]), point.Entropy, 1e-12);
            Assert.Equal(Loss(i => alone[i] - all[i]), point.Oracle, 1e-12);
            Assert.Equal(alone.Average() + point.Share * (all.Average() - alone.Average()), point.Random, 1e-12);
            if (open > 0) Assert.Equal(open, entropies.Count(entropy => entropy >= point.Threshold));
        }
    }

    [Fact]
    public void The_command_measures_an_anchored_model_and_refuses_others()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("text.txt"), Samples.Text(400));
        string model = Folder(folder, "anchored", anchored: true), ordinary = Folder(folder, "ordinary", anchored: false);
        (int exit, string output, string error) = Trained.Run("gates", "-m", model, "--data", folder.File("text.txt"), "-o", folder.File("gates.svg"), "--json");
        Assert.True(exit == 0, error);
        JsonElement points = JsonDocument.Parse(output).RootElement.GetProperty("points");
        (double all, double alone) = (points[20].GetProperty("entropy").GetDouble(), points[0].GetProperty("entropy").GetDouble());
        Assert.NotEqual(all, alone);
        Assert.Equal(all, points[20].GetProperty("oracle").GetDouble(), 1e-12);
        Assert.Contains("by an oracle", File.ReadAllText(folder.File("gates.svg")), StringComparison.Ordinal);
        (exit, _, error) = Trained.Run("gates", "-m", ordinary, "--data", folder.File("text.txt"));
        Assert.Equal(2, exit);
        Assert.Contains("error TR-22", error, StringComparison.Ordinal);
    }

    private static string Folder(TempFolder folder, string name, bool anchored)
    {
        CheckpointConfig config = RandomCheckpoint.Config(3, vocabulary: 267, anchored: anchored);
        RandomCheckpoint.Write(folder.File(name), config, seed: 1);
        TokenizerWriter.Write(folder.File(name), BpeTrainer.Train(Samples.Text(500), 10));
        return folder.File(name);
    }
}
