using ParScale.Files;

namespace ParScale.Checkpoints;

/// <summary>What a folder in Hugging Face layout holds beside config and weights that a copy of the model needs too.</summary>
internal static class CompanionFiles
{
    private static readonly string[] Names =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
        "generation_config.json", "chat_template.jinja", "LICENSE", "NOTICE",
    ];

    /// <summary>Copies those that are there and flushes them to the disk.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void Copy(string from, string to)
    {
        foreach (string name in Names)
        {
            if (!Path.Exists(Path.Combine(from, name))) continue;
            using FileStream source = InputFile.Open(Path.Combine(from, name), "ST-01");
            DurableFile.Write(Path.Combine(to, name), source.CopyTo);
        }
    }
}
