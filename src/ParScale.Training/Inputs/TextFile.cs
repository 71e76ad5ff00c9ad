using System.Security.Cryptography;
using ParScale.Text;
using ParScale.Training.Configuration;
using ParScale.Training.Data;
using ParScale.Training.Evaluation;

namespace ParScale.Training.Inputs;

/// <summary>A plain text file: one text, whose last part is held out.</summary>
internal sealed class TextFile : IRunSource
{
    private readonly string _text;

    /// <exception cref="ParScaleException">The file is missing, empty or not UTF-8.</exception>
    public TextFile(string path)
    {
        _text = Corpus.Read(path);
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
    }

    public string Sha256 { get; }

    public RunData Cut(TrainingOptions options, Tokenizer tokenizer)
    {
        Corpus corpus = Corpus.Split(_text, options.ValidationFraction);
        int[] tokens = tokenizer.Encode(corpus.Training);
        return new RunData(new DataOrder(tokens, options.Context, options.Seed), new HeldOutText(corpus.Validation, tokenizer, options.Context), tokens);
    }

    public IHeldOut HeldOut(Tokenizer tokenizer, int context, double fraction) => new HeldOutText(Corpus.Split(_text, fraction).Validation, tokenizer, context);

    public void Dispose()
    {
        // The text is in memory: there is nothing to give back.
    }
}
