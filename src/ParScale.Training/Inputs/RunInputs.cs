using System.Security.Cryptography;
using ParScale.Text;
using ParScale.Training.Data;

namespace ParScale.Training.Inputs;

/// <summary>The data and the tokenizer of a run, with the hashes that tell them from others.</summary>
internal sealed record RunInputs(IRunSource Source, Tokenizer Tokenizer, string TokenizerSha256) : IDisposable
{
    public string DataSha256 => Source.Sha256;

    /// <summary>Reads a text file, or opens a folder of shards.</summary>
    /// <exception cref="ParScaleException">A file is missing or not what it should be.</exception>
    public static RunInputs Load(string dataPath, string tokenizerFolder)
    {
        bool isFolder = Directory.Exists(dataPath);
        TextFile? text = isFolder ? null : new TextFile(dataPath);
        Tokenizer tokenizer = TokenizerFolder.Load(tokenizerFolder);
        string hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(tokenizerFolder, "tokenizer.json"))));
        return new RunInputs(text ?? (IRunSource)new ShardSource(dataPath, tokenizer), tokenizer, hash);
    }

    public void Dispose() => Source.Dispose();
}
