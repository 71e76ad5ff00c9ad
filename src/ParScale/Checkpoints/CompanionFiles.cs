using ParScale.Files;

namespace ParScale.Checkpoints;

/// <summary>What a folder in Hugging Face layout holds beside config and weights that a copy of the model needs too.</summary>
internal static class CompanionFiles
{
    private static readonly string[] TextNames =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja", "chat_template.json",
    ];

    /// <summary>The folder with further chat templates, by name.</summary>
    public const string TemplateFolder = "additional_chat_templates";

    private static readonly string[] ModelNames = ["generation_config.json", "LICENSE", "NOTICE"];

    /// <summary>Copies those that are there and flushes them to the disk.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void Copy(string from, string to)
    {
        CopyTokenizer(from, to);
        CopyModel(from, to);
    }

    /// <summary>The same for those that say how text becomes tokens: tokenizer and chat template.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void CopyTokenizer(string from, string to)
    {
        Copy(from, to, TextNames);
        CopyTemplates(from, to);
    }

    /// <summary>The same for those of the model itself: how it generates and whose it is.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void CopyModel(string from, string to) => Copy(from, to, ModelNames);

    private static void CopyTemplates(string from, string to)
    {
        string source = Path.Combine(from, TemplateFolder), target = Path.Combine(to, TemplateFolder);
        if (!Directory.Exists(source)) return;
        Directory.CreateDirectory(target);
        Copy(source, target, [.. Directory.EnumerateFiles(source, "*.jinja").Select(Path.GetFileName).OfType<string>()]);
        DiskFlush.Folder(target);
    }

    private static void Copy(string from, string to, string[] names)
    {
        foreach (string name in names)
        {
            if (!Path.Exists(Path.Combine(from, name))) continue;
            using FileStream source = InputFile.Open(Path.Combine(from, name), "ST-01");
            DurableFile.Write(Path.Combine(to, name), source.CopyTo);
        }
    }
}
