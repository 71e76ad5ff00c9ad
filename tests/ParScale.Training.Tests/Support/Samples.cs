using System.Text;
using ParScale.Training.Data;

namespace ParScale.Training.Tests.Support;

/// <summary>Small texts, shapes and folders for the tests, all made from fixed seeds.</summary>
internal static class Samples
{
    private static readonly string[] Syllables = ["ro", "me", "o", "ju", "li", "et", "the", "king", "of", "and", "night", "ing", "ale", "to"];

    /// <summary>Lines of made-up words, with an apostrophe, digits and letters outside ASCII here and there.</summary>
    public static string Text(int words, int seed = 7)
    {
        var random = new Random(seed);
        var text = new StringBuilder();
        for (int i = 0; i < words; i++)
        {
            for (int n = random.Next(1, 4); n > 0; n--) text.Append(Syllables[random.Next(Syllables.Length)]);
            string end = random.Next(20) switch { 0 => ",\n", 1 => "'s ", 2 => " 42 ", 3 => " café ", 4 => ".\n\n", _ => " " };
            text.Append(end);
        }
        return text.ToString();
    }

    /// <summary>Writes a text file and a tokenizer of 300 tokens for it; returns the flags that name both.</summary>
    public static string[] Inputs(TempFolder folder)
    {
        string data = folder.File("text.txt");
        string tokenizer = folder.File("tokenizer");
        if (!File.Exists(data))
        {
            File.WriteAllText(data, Text(3000));
            TokenizerWriter.Write(tokenizer, BpeTrainer.Train(Text(3000), 300 - 257));
        }
        return ["--data", data, "--tokenizer", tokenizer];
    }

    /// <summary>The flags of a run of twelve steps that saves every six, with some flags exchanged or added.</summary>
    public static string[] Run(TempFolder folder, string output, params (string Flag, string Value)[] changes)
    {
        List<string> flags =
        [
            "train", .. Inputs(folder), "-o", folder.File(output), "--streams", "2", "--hidden", "16", "--intermediate", "24", "--layers", "2",
            "--heads", "2", "--kv-heads", "1", "--prefix-tokens", "4", "--context", "16", "--batch", "4", "--steps", "12", "--warmup", "2",
            "--eval-every", "4", "--save-every", "6", "--threads", "1",
        ];
        foreach ((string flag, string value) in changes)
        {
            int index = flags.IndexOf(flag);
            if (index < 0) flags.AddRange([flag, value]);
            else flags[index + 1] = value;
        }
        return [.. flags];
    }
}
