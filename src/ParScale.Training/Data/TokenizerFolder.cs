using ParScale.Text;

namespace ParScale.Training.Data;

/// <summary>The folder that <c>--tokenizer</c> names.</summary>
internal static class TokenizerFolder
{
    /// <exception cref="ParScaleException">It has no <c>tokenizer.json</c>, or one that cannot be read.</exception>
    public static Tokenizer Load(string folder)
    {
        if (File.Exists(Path.Combine(folder, "tokenizer.json"))) return Tokenizer.Load(folder);
        string problem = Directory.Exists(folder) ? "has no tokenizer.json" : File.Exists(folder) ? "is a file; a folder with tokenizer.json is expected" : "is not there";
        throw new ParScaleException(ErrorKind.BadInput, "TR-16", $"--tokenizer {ParScaleException.Quote(folder)} {problem}; make one with parscale-train tokenizer");
    }
}
