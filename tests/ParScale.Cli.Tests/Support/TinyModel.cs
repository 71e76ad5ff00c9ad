using System.Buffers.Binary;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;

[assembly: AssemblyFixture(typeof(ParScale.Cli.Tests.Support.TinyModel))]

namespace ParScale.Cli.Tests.Support;

/// <summary>A random two-stream model with a tokenizer, built in a temporary folder for all tests of this assembly.</summary>
public sealed class TinyModel : IDisposable
{
    public const int Streams = 2;
    public const int Context = 65_536;
    private const int Seed = 20261123;

    private readonly TempFolder _temporary = new();

    public TinyModel()
    {
        Folder = _temporary.Path;
        var model = new ModelConfig
        {
            HiddenSize = 16,
            IntermediateSize = 24,
            LayerCount = 2,
            AttentionHeads = 2,
            KeyValueHeads = 1,
            HeadSize = 8,
            VocabularySize = TinyTokenizer.VocabularySize,
            MaxPositions = Context,
            RmsNormEpsilon = 1e-6,
            RopeTheta = 10_000,
            TieWordEmbeddings = true,
            EndOfTextIds = [TinyTokenizer.EndOfText],
        };
        Config = CheckpointConfig.Create(model, new StreamConfig(Streams, 3, 0.1)) with { StoredType = "float32" };
        Write(Folder, Config);
        TinyTokenizer.Write(Folder);
    }

    /// <summary>Holds config.json, model.safetensors and tokenizer.json.</summary>
    public string Folder { get; }

    public CheckpointConfig Config { get; }

    /// <summary>Writes a random checkpoint; <paramref name="damage"/> may change a tensor's values.</summary>
    public static void Write(string folder, CheckpointConfig config, Action<string, float[]>? damage = null)
    {
        var random = new Random(Seed);
        var tensors = new List<TensorToWrite>();
        foreach ((string name, long[] shape) in ModelTensors.Expected(config))
        {
            float[] values = Values(random, name, shape);
            damage?.Invoke(name, values);
            tensors.Add(new TensorToWrite(name, TensorType.F32, shape, Bytes(values)));
        }
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJson());
    }

    public void Dispose() => _temporary.Dispose();

    private static float[] Values(Random random, string name, long[] shape)
    {
        var values = new float[shape.Aggregate(1L, (product, axis) => product * axis)];
        bool norm = name.EndsWith("norm.weight", StringComparison.Ordinal);
        for (int i = 0; i < values.Length; i++) values[i] = norm ? 1 : (float)((random.NextDouble() - 0.5) * 0.8);
        return values;
    }

    private static byte[] Bytes(float[] values)
    {
        var bytes = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        return bytes;
    }
}
