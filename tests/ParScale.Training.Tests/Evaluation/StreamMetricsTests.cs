using ParScale.Configuration;
using ParScale.Training.Evaluation;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Evaluation;

public sealed class StreamMetricsTests
{
    [Fact]
    public void Equals_its_definitions_one_token_at_a_time()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        CheckpointConfig config = RandomCheckpoint.Config(3);
        using ParScaleLm model = Float64.Model(config);
        foreach (var parameter in model.parameters()) parameter.normal_(0, 0.3);
        var metrics = new StreamMetrics(3);
        double[] losses = new double[3], weights = new double[3];
        double average = 0, cosine = 0, entropy = 0;
        foreach (int length in (int[])[7, 4])
        {
            Tensor tokens = randint(0, 50, [2, length], ScalarType.Int64), targets = randint(0, 50, [2 * length], ScalarType.Int64);
            Tensor states = model.States(tokens);
            metrics.Add(model, states, targets);
            for (int i = 0; i < 2 * length; i++)
            {
                long target = targets[i].item<long>();
                Tensor[] x = [.. Enumerable.Range(0, 3).Select(p => states[p].flatten(0, 1)[i])];
                double[] p = [.. x.Select(state => model.Logits(state).softmax(-1)[target].item<double>())];
                for (int stream = 0; stream < 3; stream++) losses[stream] -= Math.Log(p[stream]) / 22;
                average -= Math.Log(p.Average()) / 22;
                foreach ((int a, int b) in new[] { (0, 1), (0, 2), (1, 2) }) cosine += (x[a].dot(x[b]) / x[a].norm() / x[b].norm()).item<double>() / 66;
                double[] w = model.MixingWeights(states).flatten(0, 1)[i].data<double>().ToArray();
                for (int stream = 0; stream < 3; stream++) weights[stream] += w[stream] / 22;
                entropy -= w.Sum(v => v * Math.Log(v)) / 22 / Math.Log(3);
            }
        }
        StreamReport report = metrics.Report(irreducible: 0.5);
        for (int stream = 0; stream < 3; stream++)
        {
            Assert.Equal(losses[stream], report.Losses[stream], 1e-12);
            Assert.Equal(weights[stream], report.Weights[stream], 1e-12);
        }
        Assert.Equal(average, report.AverageLoss, 1e-12);
        Assert.Equal(cosine, report.Cosine, 1e-12);
        Assert.Equal(entropy, report.WeightEntropy, 1e-12);
        Assert.Equal(-weights.Sum(w => w * Math.Log(w)) / Math.Log(3), report.WeightBalance, 1e-12);
        Assert.Equal(1 - 1.5 * (losses.Average() - average) / (losses.Average() - 0.5), report.Rho!.Value, 1e-12);
    }

    [Fact]
    public void Rho_is_the_correlation_of_small_relative_residuals()
    {
        // Two streams whose distributions over 64 outcomes differ from the true one by drawn residuals of correlation 0.6.
        const int Outcomes = 64;
        var random = new Random(4);
        double[] first = Residuals(random, Outcomes), fresh = Residuals(random, Outcomes);
        double overlap = first.Zip(fresh, (a, b) => a * b).Sum() / first.Sum(a => a * a);
        fresh = [.. fresh.Zip(first, (b, a) => b - overlap * a)];
        double scale = Math.Sqrt(first.Sum(a => a * a) / fresh.Sum(b => b * b));
        double[] second = [.. first.Zip(fresh, (a, b) => 0.6 * a + 0.8 * scale * b)];
        double Loss(Func<int, double> factor) => Math.Log(Outcomes) - Enumerable.Range(0, Outcomes).Average(i => Math.Log(factor(i)));

        double mean = (Loss(i => 1 + first[i]) + Loss(i => 1 + second[i])) / 2;
        double average = Loss(i => 1 + (first[i] + second[i]) / 2);
        Assert.Equal(0.6, StreamMetrics.Rho(mean, average, 2, Math.Log(Outcomes))!.Value, 0.02);
        Assert.Null(StreamMetrics.Rho(mean, average, 2, irreducible: 100));
    }

    private static double[] Residuals(Random random, int count)
    {
        double[] drawn = [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() - 0.5)];
        double mean = drawn.Average();
        return [.. drawn.Select(value => (value - mean) * 0.02)];
    }
}
