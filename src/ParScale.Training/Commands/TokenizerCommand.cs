using System.CommandLine;
using ParScale.Training.Data;

namespace ParScale.Training.Commands;

/// <summary><c>parscale-train tokenizer</c>: learns a byte-level BPE from a text file.</summary>
internal static class TokenizerCommand
{
    private const int ByteCount = 256;
    private const int LargestVocabulary = 1 << 20;

    public static Command Create()
    {
        var data = new Option<string>("--data") { Required = true, Description = "UTF-8 text file" };
        var vocabulary = new Option<int>("--vocab") { DefaultValueFactory = _ => 512, Description = "256 bytes + merges + <|endoftext|>" };
        var held = new Option<double>("--val-fraction") { Description = "last part of the text to hold out, as train does" };
        var output = new Option<string>("--output", "-o") { Required = true, Description = "folder for tokenizer.json" };
        var command = new Command("tokenizer", "Train a byte-level BPE tokenizer") { data, vocabulary, held, output };
        command.SetAction(parse =>
        {
            Run(parse.GetRequiredValue(data), parse.GetValue(vocabulary), parse.GetValue(held), parse.GetRequiredValue(output));
            return 0;
        });
        return command;
    }

    private static void Run(string data, int vocabularySize, double heldFraction, string folder)
    {
        if (vocabularySize is < ByteCount + 1 or > LargestVocabulary)
            throw ParScaleException.Usage("TR-10", $"--vocab must be {ByteCount + 1} to {LargestVocabulary}");
        if (heldFraction is not (>= 0 and < 1)) throw ParScaleException.Usage("TR-10", "--val-fraction must be 0 or more and below 1");
        int merges = vocabularySize - ByteCount - 1;
        BpeVocabulary vocabulary = BpeTrainer.Train(Corpus.Split(Corpus.Read(data), heldFraction).Training, merges);
        if (vocabulary.Merges.Count < merges)
        {
            throw ParScaleException.BadInput("TR-08", data,
                $"has pairs for only {vocabulary.Merges.Count} merges; give more text or --vocab {vocabulary.Tokens.Count + 1}");
        }
        TokenizerWriter.Write(folder, vocabulary);
        Console.Error.WriteLine($"{vocabularySize} tokens, {merges} merges");
    }
}
