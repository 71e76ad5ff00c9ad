using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;

namespace ParScale.TestSupport;

/// <summary>
/// The model once more, written from the equations of docs/math.md in plain loops and double precision: no tensors, no cache, no
/// batch, one stream after another. It shares no arithmetic with the engine or the trainer.
/// </summary>
/// <param name="config">The model.</param>
/// <param name="weights">By name, row-major; read at every call.</param>
/// <param name="embedding">The type that the embedding is stored in, to which some families round its factor.</param>
public sealed class Oracle(CheckpointConfig config, IReadOnlyDictionary<string, double[]> weights, TensorType embedding = TensorType.F32)
{
    private readonly ModelConfig _model = config.Model;
    private readonly StreamConfig _streams = config.Streams;

    // Keys and values that an anchor made in each layer, by the name of its attention block.
    private readonly Dictionary<string, (double[][] Keys, double[][] Values)> _anchor = [];

    /// <summary>The model of a checkpoint; with <paramref name="random"/> its weights are off by the rounding of float32 sums.</summary>
    public static Oracle Of(Checkpoint checkpoint, Random? random = null) => new(checkpoint.Config, ModelTensors.Expected(checkpoint.Config)
        .ToDictionary(tensor => tensor.Name, tensor => random is null
            ? Numbers(checkpoint, tensor.Name)
            : Rounding.Change(Numbers(checkpoint, tensor.Name), tensor.Shape[^1], random)), checkpoint.Get(ModelTensors.EmbeddingName).Info.Type);

    /// <summary>The logits of all tokens in a row, and by how much those of float32 may differ from them.</summary>
    public static (double[] Logits, double Allowed) Logits(Checkpoint checkpoint, int[] tokens)
    {
        double[] Run(Random? random) => [.. Of(checkpoint, random).Logits(tokens).SelectMany(row => row)];
        double[] exact = Run(null);
        return (exact, Rounding.Allowed(exact, seed => Run(new Random(seed))));
    }

    /// <summary>Logits [S][V] after each token; of an anchored model with the streams of <paramref name="active"/> [S][P], or all of them.</summary>
    public double[][] Logits(int[] tokens, bool[][]? active = null)
    {
        double[][][] streams = States(tokens);
        return [.. Enumerable.Range(0, tokens.Length).Select(s => Head(Mix([.. streams.Select(stream => stream[s])], active?[s])))];
    }

    /// <summary>States [P][S][H] of all streams, after the final norm; an anchor's come first.</summary>
    public double[][][] States(int[] tokens) => [.. Enumerable.Range(0, _streams.Count).Select(p => Stream(tokens, p))];

    /// <summary>The aggregation of one token's states [P][H], of those that are active.</summary>
    public double[] Mix(double[][] states, bool[]? active = null)
    {
        double[] shares = StreamWeights(states, active);
        var y = new double[_model.HiddenSize];
        for (int p = 0; p < shares.Length; p++)
            for (int h = 0; h < y.Length; h++) y[h] += shares[p] * states[p][h];
        return y;
    }

    /// <summary>The aggregator's weight of each of one token's states [P][H]: 0 of those that are not active.</summary>
    public double[] StreamWeights(double[][] states, bool[]? active = null)
    {
        int streams = _streams.Count, running = active?.Count(one => one) ?? streams;
        if (running == 1) return [.. Enumerable.Range(0, streams).Select(p => active?[p] ?? true ? 1.0 : 0)];
        var joined = new double[_model.HiddenSize * streams];
        for (int h = 0; h < _model.HiddenSize; h++)
            for (int p = 0; p < streams; p++) joined[h * streams + p] = active?[p] ?? true ? states[p][h] : 0;
        double[] inner = [.. Linear("model.aggregate_layer.0", joined).Select(Silu)];
        double[] scores = [.. Linear("model.aggregate_layer.2", inner).Select((score, p) => active?[p] ?? true ? score : double.NegativeInfinity)];
        return [.. Softmax(scores).Select((share, p) => active?[p] ?? true ? share * (1 - _streams.Smoothing) + _streams.Smoothing / running : 0)];
    }

    /// <summary>Logits [V] of a mixed state.</summary>
    public double[] Head(double[] state)
    {
        double[] logits = Multiply(weights[_model.TieWordEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight"], state);
        return [.. logits.Select(logit => Cap(logit / _model.LogitsDivisor, _model.LogitsSoftCap))];
    }

    /// <summary>W x + b of a layer; without b where the model has none.</summary>
    public double[] Linear(string name, double[] x)
    {
        double[] y = Multiply(weights[name + ".weight"], x);
        return weights.TryGetValue(name + ".bias", out double[]? bias) ? Add(y, bias) : y;
    }

    private double[][] Stream(int[] tokens, int stream)
    {
        int hidden = _model.HiddenSize;
        double factor = _model.RoundsEmbeddingMultiplier ? OracleNumbers.RoundedTo(embedding, _model.EmbeddingMultiplier) : _model.EmbeddingMultiplier;
        double[] table = weights["model.embed_tokens.weight"];
        double[][] x = [.. tokens.Select(token => table[(token * hidden)..((token + 1) * hidden)].Select(value => value * factor).ToArray())];
        for (int layer = 0; layer < _model.LayerCount; layer++)
        {
            string name = $"model.layers.{layer}.";
            LayerConfig config = _model.Layers[layer];
            double[][] Behind(double[][] rows, string norm) => config.Norms == NormPlacement.Before ? rows : [.. rows.Select(row => Norm(row, name + norm))];
            string second = config.Norms == NormPlacement.Both ? "pre_feedforward_layernorm.weight" : "post_attention_layernorm.weight";
            double[][] Before(string norm) => config.Norms == NormPlacement.After ? x : [.. x.Select(row => Norm(row, name + norm))];

            double[][] attended = Attention(name + "self_attn.", config.Attention, Before("input_layernorm.weight"), stream);
            x = Sum(x, Behind(attended, "post_attention_layernorm.weight"));
            double[][] fed = [.. Before(second).Select(row => config.FeedForward.Experts is { } experts ? Experts(name, config.FeedForward, experts, row) : FeedForward(name + "mlp.", config.FeedForward, row))];
            x = Sum(x, Behind(fed, "post_feedforward_layernorm.weight"));
        }
        return [.. x.Select(row => Norm(row, "model.norm.weight"))];
    }

    private double[][] Sum(double[][] x, double[][] block) =>
        [.. x.Zip(block, (row, added) => Add(row, [.. added.Select(value => value * _model.ResidualMultiplier)]))];

    private double[][] Attention(string name, AttentionConfig config, double[][] x, int stream)
    {
        bool helper = _streams.Anchored && stream > 0;
        int size = _model.HeadSize, slots = _streams.Count == 1 || (_streams.Anchored && !helper) ? 0 : _streams.PrefixTokens;
        int queryWidth = _model.AttentionHeads * size, keyWidth = _model.KeyValueHeads * size;
        double[] frequencies = config.Rotation is { } rotation ? OracleRotation.Frequencies(rotation, x.Length) : [];
        double[] Turned(double[] row, string norm, int position)
        {
            row = Clip(HeadNorms(row, name + norm, config.QueryKeyNorm), config.Clip);
            return frequencies.Length == 0 ? row : Rotate(row, frequencies, config.Rotation!.Magnitude, position);
        }
        double[][] queries = [.. x.Select((row, s) => Turned(Projection(name, "q_proj", row, 0, queryWidth), "q_norm.weight", s))];
        double[][] keys = [.. Prefix(name + "prefix_k", stream), .. x.Select((row, s) => Turned(Projection(name, "k_proj", row, queryWidth, keyWidth), "k_norm.weight", s))];
        double[][] values = [.. Prefix(name + "prefix_v", stream), .. x.Select(row => Clip(Projection(name, "v_proj", row, queryWidth + keyWidth, keyWidth), config.Clip))];
        if (_streams.Anchored && !helper) _anchor[name] = (keys, values);
        (double[][] Keys, double[][] Values) anchor = helper ? _anchor[name] : default;
        var y = new double[x.Length][];
        for (int s = 0; s < x.Length; s++)
        {
            // A helper sees its own token as it made it, and those before as the anchor did.
            double[] Key(int j) => helper && j >= slots && j < slots + s ? anchor.Keys[j - slots] : keys[j];
            double[] Value(int j) => helper && j >= slots && j < slots + s ? anchor.Values[j - slots] : values[j];
            var joined = new double[queryWidth];
            for (int head = 0; head < _model.AttentionHeads; head++)
            {
                int shared = head / (_model.AttentionHeads / _model.KeyValueHeads);
                var scores = new double[slots + s + 1];
                for (int j = 0; j < scores.Length; j++)
                {
                    for (int d = 0; d < size; d++) scores[j] += queries[s][head * size + d] * Key(j)[shared * size + d];
                    scores[j] = Cap(scores[j] * config.Scale, config.SoftCap);
                    // The window counts tokens; the slots before them are always seen.
                    if (j >= slots && j - slots <= s - config.Window) scores[j] = double.NegativeInfinity;
                }
                double[] shares = Softmax(scores);
                for (int j = 0; j < scores.Length; j++)
                    for (int d = 0; d < size; d++) joined[head * size + d] += shares[j] * Value(j)[shared * size + d];
            }
            y[s] = Linear(name + "o_proj", joined);
        }
        return y;
    }

    /// <summary>A projection of a row; where a file holds several in one tensor, its rows from <paramref name="first"/> on.</summary>
    private double[] Projection(string name, string projection, double[] x, int first, int rows)
    {
        if (!_model.FusedProjections) return Linear(name + projection, x);
        double[] fused = weights[name + "qkv_proj.weight"];
        return Multiply(fused[(first * x.Length)..((first + rows) * x.Length)], x);
    }

    private double[] HeadNorms(double[] row, string name, QueryKeyNorm norm) => norm switch
    {
        QueryKeyNorm.None => row,
        QueryKeyNorm.Head => [.. row.Chunk(_model.HeadSize).SelectMany(head => Norm(head, name))],
        _ => Norm(row, name),
    };

    private static double[] Clip(double[] row, double? most) => most is { } clip ? [.. row.Select(value => Math.Clamp(value, -clip, clip))] : row;

    private static double Cap(double x, double? cap) => cap is { } c ? c * Math.Tanh(x / c) : x;

    /// <summary>The slots of a stream, each [kv heads * D]; none when P = 1.</summary>
    private IEnumerable<double[]> Prefix(string name, int stream)
    {
        if (_streams.Count == 1 || (_streams.Anchored && stream == 0)) return [];
        if (_streams.Anchored) stream--;
        (int heads, int slots, int size) = (_model.KeyValueHeads, _streams.PrefixTokens, _model.HeadSize);
        double[] all = weights[name];
        return Enumerable.Range(0, slots).Select(slot => Enumerable.Range(0, heads * size)
            .Select(i => all[((stream * heads + i / size) * slots + slot) * size + i % size]).ToArray());
    }

    /// <summary>Every head of a row, (x[i], x[i + h]) of its first 2h numbers turned by the angle of its position.</summary>
    private double[] Rotate(double[] row, double[] frequencies, double magnitude, int position)
    {
        int half = frequencies.Length;
        double[] y = [.. row];
        for (int start = 0; start < row.Length; start += _model.HeadSize)
        {
            for (int i = 0; i < half; i++)
            {
                double sin = magnitude * Math.Sin(position * frequencies[i]), cos = magnitude * Math.Cos(position * frequencies[i]);
                (double a, double b) = (row[start + i], row[start + i + half]);
                y[start + i] = a * cos - b * sin;
                y[start + i + half] = b * cos + a * sin;
            }
        }
        return y;
    }

    private double[] FeedForward(string name, FeedForwardConfig config, double[] x)
    {
        double[] gate, up;
        if (_model.FusedProjections)
        {
            double[] both = Multiply(weights[name + "gate_up_proj.weight"], x);
            (gate, up) = (both[..config.Width], both[config.Width..]);
        }
        else (gate, up) = (Linear(name + "gate_proj", x), Linear(name + "up_proj", x));
        return Linear(name + "down_proj", Gated(config, gate, up));
    }

    private static double[] Gated(FeedForwardConfig config, double[] gate, double[] up) =>
        [.. gate.Select((g, i) => (config.Activation == Activation.Silu ? Silu(g) : Gelu(g)) * up[i])];

    /// <summary>The chosen experts of a row, added by their weights, and the shared one.</summary>
    private double[] Experts(string layer, FeedForwardConfig config, ExpertsConfig experts, double[] x)
    {
        double[] shares = Softmax(Multiply(weights[weights.ContainsKey(layer + "mlp.gate.weight") ? layer + "mlp.gate.weight" : layer + "block_sparse_moe.gate.weight"], x));
        int[] chosen = [.. Enumerable.Range(0, experts.Count).OrderByDescending(e => shares[e]).Take(experts.Chosen)];
        double sum = experts.Normalized ? chosen.Sum(e => shares[e]) : 1;
        var y = new double[x.Length];
        foreach (int e in chosen)
        {
            (double[] gate, double[] up, double[] down) = Expert(layer, config.Width, e, experts.Count);
            y = Add(y, [.. Multiply(down, Gated(config, Multiply(gate, x), Multiply(up, x))).Select(value => value * shares[e] / sum)]);
        }
        if (experts.SharedWidth == 0) return y;
        double open = 1 / (1 + Math.Exp(-Multiply(weights[layer + "mlp.shared_expert_gate.weight"], x)[0]));
        return Add(y, [.. FeedForward(layer + "mlp.shared_expert.", config, x).Select(value => value * open)]);
    }

    /// <summary>Gate, up and down of an expert, as the file names them.</summary>
    private (double[] Gate, double[] Up, double[] Down) Expert(string layer, int width, int expert, int count)
    {
        string single = $"{layer}mlp.experts.{expert}.", mixtral = $"{layer}block_sparse_moe.experts.{expert}.";
        if (weights.TryGetValue(single + "gate_proj.weight", out double[]? gate)) return (gate, weights[single + "up_proj.weight"], weights[single + "down_proj.weight"]);
        if (weights.TryGetValue(mixtral + "w1.weight", out gate)) return (gate, weights[mixtral + "w3.weight"], weights[mixtral + "w2.weight"]);
        double[] both = weights[layer + "mlp.experts.gate_up_proj"], down = weights[layer + "mlp.experts.down_proj"];
        int matrix = width * _model.HiddenSize, start = expert * 2 * matrix;
        if (both.Length != 2 * matrix * count) throw new ArgumentException($"{layer} has experts of another width", nameof(layer));
        return (both[start..(start + matrix)], both[(start + matrix)..(start + 2 * matrix)], down[(expert * matrix)..((expert + 1) * matrix)]);
    }

    private double[] Norm(double[] x, string name)
    {
        double scale = 1 / Math.Sqrt(x.Sum(v => v * v) / x.Length + _model.RmsNormEpsilon);
        double[] weight = weights[name];
        return [.. x.Select((value, i) => value * scale * (weight[i] + _model.NormOffset))];
    }

    private static double[] Multiply(double[] matrix, double[] x)
    {
        var y = new double[matrix.Length / x.Length];
        for (int row = 0; row < y.Length; row++)
            for (int i = 0; i < x.Length; i++) y[row] += matrix[row * x.Length + i] * x[i];
        return y;
    }

    private static double[] Softmax(double[] x)
    {
        double max = x.Max();
        double[] exp = [.. x.Select(v => Math.Exp(v - max))];
        double sum = exp.Sum();
        return [.. exp.Select(v => v / sum)];
    }

    private static double[] Add(double[] a, double[] b)
    {
        var sum = new double[a.Length];
        for (int i = 0; i < a.Length; i++) sum[i] = a[i] + b[i];
        return sum;
    }

    private static double Silu(double x) => x / (1 + Math.Exp(-x));

    private static double Gelu(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

    private static double[] Numbers(Checkpoint checkpoint, string name)
    {
        (SafetensorsFile file, TensorInfo info) = checkpoint.Get(name);
        byte[] bytes = file.Bytes(info).ToArray();
        return info.Type switch
        {
            TensorType.F32 => [.. bytes.Chunk(4).Select(b => (double)BitConverter.ToSingle(b))],
            TensorType.F16 => [.. bytes.Chunk(2).Select(b => (double)BitConverter.ToHalf(b))],
            TensorType.BF16 => [.. bytes.Chunk(2).Select(b => (double)BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(b) << 16))],
            _ => throw new ArgumentException($"{name} is {info.Type}", nameof(checkpoint)),
        };
    }
}
