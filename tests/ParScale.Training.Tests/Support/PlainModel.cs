using ParScale.Configuration;

namespace ParScale.Training.Tests.Support;

/// <summary>
/// The model of docs/math.md in float64 loops over arrays: no tensors, no batches, one document and one stream at a time. Slow, and
/// written from the equations alone, to hold the model that is trained against.
/// </summary>
internal sealed class PlainModel(CheckpointConfig config, IReadOnlyDictionary<string, double[]> weights)
{
    /// <summary>
    /// Mean negative log-likelihood of the targets of all documents, plus <paramref name="decorrelate"/> times the mean of cos^2 over
    /// the pairs of streams at the same places. A target below 0 is not learned.
    /// </summary>
    public double Loss(IReadOnlyList<(int[] Tokens, int[] Targets)> documents, double decorrelate)
    {
        double loss = 0, penalty = 0;
        int learned = 0;
        foreach ((int[] tokens, int[] targets) in documents)
        {
            double[][][] streams = [.. Enumerable.Range(0, config.Streams.Count).Select(p => States(tokens, p))];
            for (int s = 0; s < tokens.Length; s++)
            {
                if (targets[s] < 0) continue;
                double[][] states = [.. streams.Select(stream => stream[s])];
                loss -= LogLikelihood(Mix(states), targets[s]);
                penalty += MeanSquaredCosine(states);
                learned++;
            }
        }
        return (loss + decorrelate * penalty) / learned;
    }

    /// <summary>Final states of one stream, after the final norm.</summary>
    private double[][] States(int[] tokens, int stream)
    {
        int width = config.Model.HiddenSize;
        double[] embedding = weights["model.embed_tokens.weight"];
        double[][] x = [.. tokens.Select(token => embedding.AsSpan(token * width, width).ToArray())];
        for (int layer = 0; layer < config.Model.LayerCount; layer++)
        {
            string name = $"model.layers.{layer}.";
            double[][] attended = Attention(name + "self_attn.", [.. x.Select(row => Norm(row, name + "input_layernorm.weight"))], stream);
            for (int s = 0; s < x.Length; s++)
            {
                x[s] = Add(x[s], attended[s]);
                x[s] = Add(x[s], FeedForward(name + "mlp.", Norm(x[s], name + "post_attention_layernorm.weight")));
            }
        }
        return [.. x.Select(row => Norm(row, "model.norm.weight"))];
    }

    private double[][] Attention(string name, double[][] x, int stream)
    {
        int size = config.Model.HeadSize;
        (double[][] prefixKeys, double[][] prefixValues) = Prefix(name, stream);
        var y = new double[x.Length][];
        double[][] queries = [.. x.Select((row, s) => Rotate(Project(name + "q_proj", row), s))];
        double[][] keys = [.. prefixKeys, .. x.Select((row, s) => Rotate(Project(name + "k_proj", row), s))];
        double[][] values = [.. prefixValues, .. x.Select(row => Project(name + "v_proj", row))];
        for (int s = 0; s < x.Length; s++)
        {
            var mixed = new double[config.Model.AttentionHeads * size];
            for (int head = 0; head < config.Model.AttentionHeads; head++)
            {
                int shared = head / (config.Model.AttentionHeads / config.Model.KeyValueHeads);
                int seen = prefixKeys.Length + s + 1;
                var scores = new double[seen];
                for (int j = 0; j < seen; j++)
                {
                    for (int d = 0; d < size; d++) scores[j] += queries[s][head * size + d] * keys[j][shared * size + d];
                    scores[j] /= Math.Sqrt(size);
                }
                double[] shares = Softmax(scores);
                for (int j = 0; j < seen; j++)
                    for (int d = 0; d < size; d++) mixed[head * size + d] += shares[j] * values[j][shared * size + d];
            }
            y[s] = Project(name + "o_proj", mixed);
        }
        return y;
    }

    /// <summary>Keys and values of the slots of a stream, each [kv heads * D]; none when P = 1.</summary>
    private (double[][] Keys, double[][] Values) Prefix(string name, int stream)
    {
        if (config.Streams.Count == 1) return ([], []);
        (int heads, int slots, int size) = (config.Model.KeyValueHeads, config.Streams.PrefixTokens, config.Model.HeadSize);
        var keys = new double[slots][];
        var values = new double[slots][];
        for (int slot = 0; slot < slots; slot++)
        {
            (keys[slot], values[slot]) = (new double[heads * size], new double[heads * size]);
            for (int i = 0; i < heads * size; i++)
            {
                int at = ((stream * heads + i / size) * slots + slot) * size + i % size;
                (keys[slot][i], values[slot][i]) = (weights[name + "prefix_k"][at], weights[name + "prefix_v"][at]);
            }
            if (!weights.TryGetValue(name + "prefix_mlp.table", out double[]? table)) continue;
            int width = table.Length / (config.Streams.Count * slots);
            double[] e = table.AsSpan((stream * slots + slot) * width, width).ToArray();
            double[] added = Project(name + "prefix_mlp.2", [.. Project(name + "prefix_mlp.0", e).Select(Math.Tanh)]);
            (keys[slot], values[slot]) = (Add(keys[slot], added[..(heads * size)]), Add(values[slot], added[(heads * size)..]));
        }
        return (keys, values);
    }

    /// <summary>Every head of a row, (x[i], x[i + D / 2]) turned by the angle of its position.</summary>
    private double[] Rotate(double[] row, int position)
    {
        int half = config.Model.HeadSize / 2;
        var y = new double[row.Length];
        for (int start = 0; start < row.Length; start += config.Model.HeadSize)
        {
            for (int i = 0; i < half; i++)
            {
                double angle = position * Math.Pow(config.Model.RopeTheta, -2.0 * i / config.Model.HeadSize);
                (double a, double b) = (row[start + i], row[start + i + half]);
                y[start + i] = a * Math.Cos(angle) - b * Math.Sin(angle);
                y[start + i + half] = b * Math.Cos(angle) + a * Math.Sin(angle);
            }
        }
        return y;
    }

    private double[] FeedForward(string name, double[] x)
    {
        double[] gate = Project(name + "gate_proj", x), up = Project(name + "up_proj", x);
        return Project(name + "down_proj", [.. gate.Select((g, i) => Silu(g) * up[i])]);
    }

    private double[] Mix(double[][] states)
    {
        if (config.Streams.Count == 1) return states[0];
        var u = new double[config.Model.HiddenSize * config.Streams.Count];
        for (int h = 0; h < config.Model.HiddenSize; h++)
            for (int p = 0; p < config.Streams.Count; p++) u[h * config.Streams.Count + p] = states[p][h];
        double[] inner = [.. Project("model.aggregate_layer.0", u).Select(Silu)];
        double[] w = Softmax(Project("model.aggregate_layer.2", inner));
        var y = new double[config.Model.HiddenSize];
        for (int p = 0; p < config.Streams.Count; p++)
        {
            double weight = w[p] * (1 - config.Streams.Smoothing) + config.Streams.Smoothing / config.Streams.Count;
            for (int h = 0; h < y.Length; h++) y[h] += weight * states[p][h];
        }
        return y;
    }

    private double LogLikelihood(double[] state, int target)
    {
        double[] head = weights[config.Model.TieWordEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight"];
        return Math.Log(Softmax(Multiply(head, state))[target]);
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

    private double[] Norm(double[] x, string name)
    {
        double scale = 1 / Math.Sqrt(Dot(x, x) / x.Length + config.Model.RmsNormEpsilon);
        double[] weight = weights[name];
        return [.. x.Select((value, i) => value * scale * weight[i])];
    }

    private double[] Project(string name, double[] x)
    {
        double[] y = Multiply(weights[name + ".weight"], x);
        return weights.TryGetValue(name + ".bias", out double[]? bias) ? Add(y, bias) : y;
    }

    private static double[] Multiply(double[] matrix, double[] x)
    {
        var y = new double[matrix.Length / x.Length];
        for (int row = 0; row < y.Length; row++)
            for (int i = 0; i < x.Length; i++) y[row] += matrix[row * x.Length + i] * x[i];
        return y;
    }

    private static double[] Softmax(double[] scores)
    {
        double most = scores.Max();
        double[] e = [.. scores.Select(score => Math.Exp(score - most))];
        double sum = e.Sum();
        return [.. e.Select(value => value / sum)];
    }

    private static double Silu(double x) => x / (1 + Math.Exp(-x));

    private static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    private static double[] Add(double[] a, double[] b)
    {
        var sum = new double[a.Length];
        for (int i = 0; i < a.Length; i++) sum[i] = a[i] + b[i];
        return sum;
    }
}
