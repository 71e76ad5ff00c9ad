using System.Security.Cryptography;
using ParScale.Text;
using ParScale.Training.Data;

namespace ParScale.Training.Runs;

/// <summary>The text and the tokenizer of a run, with the hashes that tell them from others.</summary>
internal sealed record RunInputs(string Text, Tokenizer Tokenizer, string DataSha256, string TokenizerSha256)
{
    /// <exception cref="ParScaleException">A file is missing or not what it should be.</exception>
    public static RunInputs Load(string dataPath, string tokenizerFolder)
    {
        string text = Corpus.Read(dataPath);
        string tokenizerFile = Path.Combine(tokenizerFolder, "tokenizer.json");
        if (!File.Exists(tokenizerFile))
        {
            throw new ParScaleException(ErrorKind.BadInput, "TR-16",
                $"--tokenizer {ParScaleException.Quote(tokenizerFolder)} has no tokenizer.json; make one with parscale-train tokenizer");
        }
        return new RunInputs(text, Tokenizer.Load(tokenizerFolder), Hash(dataPath), Hash(tokenizerFile));
    }

    private static string Hash(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
}
