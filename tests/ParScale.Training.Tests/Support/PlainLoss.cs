using ParScale.Configuration;

namespace ParScale.Training.Tests.Support;

/// <summary>
/// What training adds to the equations of the <see cref="Oracle"/>, in float64 loops over arrays: the loss, the penalty on streams that
/// are alike, and the network that makes prefixes. No tensors, no batches, one document at a time.
/// </summary>
internal sealed class PlainLoss(CheckpointConfig config, IReadOnlyDictionary<string, double[]> weights)
{
    /// <summary>
    /// Mean negative log-likelihood of the targets of all documents, plus <paramref name="decorrelate"/> times the mean of cos^2 over
    /// the pairs of streams at the same places. A target below 0 is not learned.
    /// </summary>
    public double Of(IReadOnlyList<(int[] Tokens, int[] Targets)> documents, double decorrelate)
    {
        var model = new Oracle(config, WithPrefixes());
        double loss = 0, penalty = 0;
        int learned = 0;
        foreach ((int[] tokens, int[] targets) in documents)
        {
            double[][][] streams = model.States(tokens);
            for (int s = 0; s < tokens.Length; s++)
            {
                if (targets[s] < 0) continue;
                double[][] states = [.. streams.Select(stream => stream[s])];
                loss -= LogLikelihood(model.Head(model.Mix(states)), targets[s]);
                penalty += MeanSquaredCosine(states);
                learned++;
            }
        }
        return (loss + decorrelate * penalty) / learned;
    }

    /// <summary>The weights with what each layer's network makes of its table added to the prefixes.</summary>
    private Dictionary<string, double[]> WithPrefixes()
    {
        var all = new Dictionary<string, double[]>(weights);
        var networks = new Oracle(config, weights);
        (int heads, int slots, int size) = (config.Model.KeyValueHeads, config.Streams.PrefixTokens, config.Model.HeadSize);
        for (int layer = 0; layer < config.Model.LayerCount; layer++)
        {
            string name = $"model.layers.{layer}.self_attn.";
            if (!weights.TryGetValue(name + "prefix_mlp.table", out double[]? table)) continue;
            double[] keys = [.. weights[name + "prefix_k"]], values = [.. weights[name + "prefix_v"]];
            int rows = config.Streams.Prefixes * slots, width = table.Length / rows;
            for (int row = 0; row < rows; row++)
            {
                double[] inner = [.. networks.Linear(name + "prefix_mlp.0", table[(row * width)..((row + 1) * width)]).Select(Math.Tanh)];
                double[] made = networks.Linear(name + "prefix_mlp.2", inner);
                for (int i = 0; i < heads * size; i++)
                {
                    int at = ((row / slots * heads + i / size) * slots + row % slots) * size + i % size;
                    keys[at] += made[i];
                    values[at] += made[heads * size + i];
                }
            }
            (all[name + "prefix_k"], all[name + "prefix_v"]) = (keys, values);
        }
        return all;
    }

    private static double LogLikelihood(double[] logits, int target)
    {
        double most = logits.Max();
        return logits[target] - most - Math.Log(logits.Sum(logit => Math.Exp(logit - most)));
    }

    private static double MeanSquaredCosine(double[][] states)
    {
        double sum = 0;
        int pairs = 0;
        for (int i = 0; i < states.Length; i++)
        {
            for (int j = i + 1; j < states.Length; j++, pairs++)
                sum += Math.Pow(Dot(states[i], states[j]), 2) / (Dot(states[i], states[i]) * Dot(states[j], states[j]));
        }
        return pairs == 0 ? 0 : sum / pairs;
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
