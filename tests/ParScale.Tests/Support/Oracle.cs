using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;

namespace ParScale.Tests.Support;

/// <summary>
/// The model once more, written from the equations of docs/math.md in plain loops and double precision: no cache, no
/// batch, one stream after another. It shares no arithmetic with the engine. Its weights are those of the checkpoint, with
/// <paramref name="random"/> off by the rounding of float32 sums.
/// </summary>
internal sealed class Oracle(Checkpoint checkpoint, Random? random = null)
{
    private readonly ModelConfig _config = checkpoint.Config.Model;
    private readonly StreamConfig _streams = checkpoint.Config.Streams;

    /// <summary>Logits [S][V] after each token.</summary>
    public double[][] Logits(int[] tokens)
    {
        double[][][] streams = [.. Enumerable.Range(0, _streams.Count).Select(p => Stream(tokens, p))];
        double[] head = Tensor(_config.TieWordEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight");
        return [.. Enumerable.Range(0, tokens.Length).Select(s => Multiply(head, Mix([.. streams.Select(stream => stream[s])]), null))];
    }

    /// <summary>The logits of all tokens in a row, and by how much those of float32 may differ from them.</summary>
    public static (double[] Logits, double Allowed) Logits(Checkpoint checkpoint, int[] tokens)
    {
        double[] Run(Random? random) => [.. new Oracle(checkpoint, random).Logits(tokens).SelectMany(row => row)];
        double[] exact = Run(null);
        return (exact, Rounding.Allowed(exact, seed => Run(new Random(seed))));
    }

    private double[][] Stream(int[] tokens, int p)
    {
        int hidden = _config.HiddenSize;
        double[] embedding = Tensor("model.embed_tokens.weight");
        double[][] x = [.. tokens.Select(token => embedding[(token * hidden)..((token + 1) * hidden)])];
        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            string name = $"model.layers.{layer}.";
            double[][] attention = Attention(name + "self_attn.", [.. x.Select(row => Norm(row, name + "input_layernorm.weight"))], p);
            x = [.. x.Select((row, s) => Add(row, attention[s]))];
            x = [.. x.Select(row => Add(row, FeedForward(name + "mlp.", Norm(row, name + "post_attention_layernorm.weight"))))];
        }
        return [.. x.Select(row => Norm(row, "model.norm.weight"))];
    }

    private double[][] Attention(string name, double[][] x, int p)
    {
        int size = _config.HeadSize, heads = _config.AttentionHeads, keyHeads = _config.KeyValueHeads;
        double[][] query = [.. x.Select(row => Linear(name + "q_proj", row))];
        double[][] key = [.. x.Select(row => Linear(name + "k_proj", row))];
        double[][] value = [.. x.Select(row => Linear(name + "v_proj", row))];
        for (int s = 0; s < x.Length; s++)
        {
            Rotate(query[s], s);
            Rotate(key[s], s);
        }
        var output = new double[x.Length][];
        for (int s = 0; s < x.Length; s++)
        {
            var joined = new double[heads * size];
            for (int head = 0; head < heads; head++)
            {
                int group = head / (heads / keyHeads);
                double[] q = query[s][(head * size)..((head + 1) * size)];
                var keys = new List<double[]>(Prefix(name + "prefix_k", p, group));
                var values = new List<double[]>(Prefix(name + "prefix_v", p, group));
                for (int t = 0; t <= s; t++)
                {
                    keys.Add(key[t][(group * size)..((group + 1) * size)]);
                    values.Add(value[t][(group * size)..((group + 1) * size)]);
                }
                double[] weights = SoftMax([.. keys.Select(k => k.Zip(q, (a, b) => a * b).Sum() / Math.Sqrt(size))]);
                for (int j = 0; j < weights.Length; j++)
                    for (int d = 0; d < size; d++) joined[head * size + d] += weights[j] * values[j][d];
            }
            output[s] = Multiply(Tensor(name + "o_proj.weight"), joined, null);
        }
        return output;
    }

    private IEnumerable<double[]> Prefix(string name, int p, int head)
    {
        if (_streams.Count == 1) return [];
        double[] all = Tensor(name);
        int first = (p * _config.KeyValueHeads + head) * _streams.PrefixTokens, size = _config.HeadSize;
        return Enumerable.Range(first, _streams.PrefixTokens).Select(slot => all[(slot * size)..((slot + 1) * size)]);
    }

    private double[] FeedForward(string name, double[] x)
    {
        double[] gate = Multiply(Tensor(name + "gate_proj.weight"), x, null), up = Multiply(Tensor(name + "up_proj.weight"), x, null);
        return Multiply(Tensor(name + "down_proj.weight"), [.. gate.Zip(up, (g, u) => Silu(g) * u)], null);
    }

    private double[] Mix(double[][] x)
    {
        int streams = _streams.Count;
        if (streams == 1) return x[0];
        var joined = new double[streams * _config.HiddenSize];
        for (int h = 0; h < _config.HiddenSize; h++)
            for (int p = 0; p < streams; p++) joined[h * streams + p] = x[p][h];
        double[] inner = [.. Linear("model.aggregate_layer.0", joined).Select(Silu)];
        double eps = _streams.Smoothing;
        double[] weights = [.. SoftMax(Linear("model.aggregate_layer.2", inner)).Select(w => w * (1 - eps) + eps / streams)];
        return [.. Enumerable.Range(0, _config.HiddenSize).Select(h => weights.Select((w, p) => w * x[p][h]).Sum())];
    }

    private void Rotate(double[] heads, int position)
    {
        int size = _config.HeadSize, half = size / 2;
        for (int start = 0; start < heads.Length; start += size)
        {
            for (int i = 0; i < half; i++)
            {
                (double sin, double cos) = Math.SinCos(position / Math.Pow(_config.RopeTheta, 2.0 * i / size));
                (double a, double b) = (heads[start + i], heads[start + i + half]);
                heads[start + i] = a * cos - b * sin;
                heads[start + i + half] = b * cos + a * sin;
            }
        }
    }

    private double[] Norm(double[] x, string weight)
    {
        double scale = 1 / Math.Sqrt(x.Sum(v => v * v) / x.Length + _config.RmsNormEpsilon);
        return [.. x.Zip(Tensor(weight), (v, w) => v * scale * w)];
    }

    private double[] Linear(string name, double[] x) => Multiply(Tensor(name + ".weight"), x, Tensor(name + ".bias"));

    private static double[] Multiply(double[] matrix, double[] x, double[]? bias)
    {
        var y = new double[matrix.Length / x.Length];
        for (int n = 0; n < y.Length; n++)
        {
            y[n] = bias?[n] ?? 0;
            for (int k = 0; k < x.Length; k++) y[n] += matrix[n * x.Length + k] * x[k];
        }
        return y;
    }

    private static double[] SoftMax(double[] x)
    {
        double max = x.Max();
        double[] exp = [.. x.Select(v => Math.Exp(v - max))];
        return [.. exp.Select(v => v / exp.Sum())];
    }

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static double Silu(double x) => x / (1 + Math.Exp(-x));

    private double[] Tensor(string name)
    {
        if (_tensors.TryGetValue(name, out double[]? known)) return known;
        (SafetensorsFile file, TensorInfo info) = checkpoint.Get(name);
        double[] stored = Numbers(file.Bytes(info).ToArray(), info.Type);
        return _tensors[name] = random is null ? stored : Rounding.Change(stored, info.Shape[^1], random);
    }

    private static double[] Numbers(byte[] bytes, TensorType type) => type switch
    {
        TensorType.F32 => [.. bytes.Chunk(4).Select(b => (double)BitConverter.ToSingle(b))],
        TensorType.F16 => [.. bytes.Chunk(2).Select(b => (double)BitConverter.ToHalf(b))],
        TensorType.BF16 => [.. bytes.Chunk(2).Select(b => (double)BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(b) << 16))],
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private readonly Dictionary<string, double[]> _tensors = [];
}
