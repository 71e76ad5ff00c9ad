using ParScale.Configuration;

namespace ParScale.Training.Tests.Support;

/// <summary>
/// The goal of a training step in float64 loops over arrays, on top of the <see cref="Oracle"/>: the losses of mixtures of some of the
/// streams, their divergence from the whole one, and the loss of each stream alone. No tensors, no batches, one row at a time.
/// </summary>
internal sealed class PlainGoal(CheckpointConfig config, IReadOnlyDictionary<string, double[]> weights)
{
    private double[][][]? _teacher;

    /// <summary>Stream 0 is the plain model, without its prefix.</summary>
    public bool HiddenFirst { get; init; }

    /// <summary>Numbers of streams and the weights of their losses; P is the last.</summary>
    public (int Count, double Weight)[] Cuts { get; init; } = [(config.Streams.Count, 1)];

    /// <summary>Weight of the mean divergence of fewer streams from all of them.</summary>
    public double Divergence { get; init; }

    /// <summary>Weight of the mean loss of the streams alone.</summary>
    public double StreamLoss { get; init; }

    /// <summary>The streams that are present in each row, in place of all; null for all.</summary>
    public int[][]? Present { get; init; }

    /// <summary>
    /// The mean over all tokens of all rows. The first call fixes what the smaller mixtures are compared with: nothing is learned from it.
    /// </summary>
    public double Of(IReadOnlyList<(int[] Tokens, int[] Targets)> rows)
    {
        double sum = 0;
        _teacher ??= [.. rows.Select((row, r) => Probabilities(row.Tokens, r))];
        for (int r = 0; r < rows.Count; r++)
        {
            double[][][] streams = States(rows[r].Tokens);
            for (int s = 0; s < rows[r].Tokens.Length; s++)
            {
                double[][] states = [.. streams.Select(stream => stream[s])];
                int target = rows[r].Targets[s];
                foreach ((int count, double weight) in Cuts)
                {
                    double[] logarithms = LogSoftmax(Head(Mix(states, count == config.Streams.Count ? All(r) : [.. Enumerable.Range(0, count)])));
                    sum -= weight * logarithms[target];
                    if (count == config.Streams.Count) continue;
                    sum += Divergence / (Cuts.Length - 1) * _teacher[r][s].Zip(logarithms, (t, l) => t * (Math.Log(t) - l)).Sum();
                }
                sum -= StreamLoss / states.Length * states.Sum(state => LogSoftmax(Head(state))[target]);
            }
        }
        return sum / rows.Sum(row => row.Tokens.Length);
    }

    /// <summary>The aggregator over some of the streams: the inputs of the others are 0, their scores are not there.</summary>
    public double[] Mix(double[][] states, int[] present)
    {
        int streams = config.Streams.Count, hidden = config.Model.HiddenSize;
        if (present.Length == 1 && Present is null) return states[present[0]];
        double[] first = weights["model.aggregate_layer.0.weight"], firstBias = weights["model.aggregate_layer.0.bias"];
        double[] second = weights["model.aggregate_layer.2.weight"], secondBias = weights["model.aggregate_layer.2.bias"];
        var inner = new double[hidden];
        for (int i = 0; i < hidden; i++)
        {
            double z = firstBias[i];
            foreach (int p in present)
                for (int h = 0; h < hidden; h++) z += first[i * streams * hidden + h * streams + p] * states[p][h];
            inner[i] = z / (1 + Math.Exp(-z));
        }
        double[] scores = [.. present.Select(p => Math.Exp(secondBias[p] + inner.Select((value, i) => value * second[p * hidden + i]).Sum()))];
        var mixed = new double[hidden];
        for (int k = 0; k < present.Length; k++)
        {
            double share = scores[k] / scores.Sum() * (1 - config.Streams.Smoothing) + config.Streams.Smoothing / present.Length;
            for (int h = 0; h < hidden; h++) mixed[h] += share * states[present[k]][h];
        }
        return mixed;
    }

    private double[][][] States(int[] tokens)
    {
        double[][][] states = new Oracle(config, weights).States(tokens);
        if (HiddenFirst) states[0] = new Oracle(config with { Streams = StreamConfig.Plain }, weights).States(tokens)[0];
        return states;
    }

    private double[][] Probabilities(int[] tokens, int row)
    {
        double[][][] streams = States(tokens);
        return [.. Enumerable.Range(0, tokens.Length).Select(s =>
            (double[])[.. LogSoftmax(Head(Mix([.. streams.Select(stream => stream[s])], All(row)))).Select(Math.Exp)])];
    }

    private int[] All(int row) => Present?[row] ?? [.. Enumerable.Range(0, config.Streams.Count)];

    private double[] Head(double[] state) => new Oracle(config, weights).Head(state);

    private static double[] LogSoftmax(double[] logits)
    {
        double most = logits.Max(), sum = most + Math.Log(logits.Sum(logit => Math.Exp(logit - most)));
        return [.. logits.Select(logit => logit - sum)];
    }
}
