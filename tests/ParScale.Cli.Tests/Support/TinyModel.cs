using ParScale.Configuration;
using ParScale.Store;

[assembly: AssemblyFixture(typeof(ParScale.Cli.Tests.Support.TinyModel))]

namespace ParScale.Cli.Tests.Support;

/// <summary>A random two-stream model with a tokenizer, built in a temporary folder for all tests of this assembly.</summary>
public sealed class TinyModel : IDisposable
{
    public const int Streams = 2;
    public const int Context = 65_536;
    public const int Seed = 20261123;

    private readonly TempFolder _temporary = new();

    public TinyModel()
    {
        // What these tests keep belongs into their own folders.
        Environment.SetEnvironmentVariable(ModelStore.Variable, null);
        Folder = _temporary.Path;
        CheckpointConfig config = RandomCheckpoint.Config(
            Streams, hidden: 16, heads: 2, keyValueHeads: 1, intermediate: 24, vocabulary: TinyTokenizer.VocabularySize, prefix: 3,
            maxPositions: Context, endOfText: [TinyTokenizer.EndOfText]);
        Config = config with { StoredType = "float32" };
        RandomCheckpoint.Write(Folder, Config, Seed);
        TinyTokenizer.Write(Folder);
    }

    /// <summary>Holds config.json, model.safetensors and tokenizer.json.</summary>
    public string Folder { get; }

    public CheckpointConfig Config { get; }

    public void Dispose() => _temporary.Dispose();
}
