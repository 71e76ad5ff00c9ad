using System.Security.Cryptography;
using ParScale.Text;
using ParScale.Training.Data;

namespace ParScale.Training.Runs;

/// <summary>The text and the tokenizer of a run, with the hashes that tell them from others.</summary>
internal sealed record RunInputs(string Text, Tokenizer Tokenizer, string DataSha256, string TokenizerSha256)
{
    public static RunInputs Load(string dataPath, string tokenizerFolder)
    {
        string text = Corpus.Read(dataPath);
        Tokenizer tokenizer = Tokenizer.Load(tokenizerFolder);
        return new RunInputs(text, tokenizer, Hash(dataPath), Hash(Path.Combine(tokenizerFolder, "tokenizer.json")));
    }

    private static string Hash(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
}
