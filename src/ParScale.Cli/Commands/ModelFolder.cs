using ParScale.Text;

namespace ParScale.Cli.Commands;

/// <summary>For commands that read a model's files without loading its weights.</summary>
internal static class ModelFolder
{
    private const string TokenizerFile = "tokenizer.json";

    /// <summary>The tokenizer of the given folder, or the embedded model's.</summary>
    public static Tokenizer Tokenizer(string? folder)
    {
        string resolved = folder ?? EmbeddedModel.Folder();
        RequireTokenizer(resolved);
        return Text.Tokenizer.Load(resolved);
    }

    /// <summary>The tokenizer of a loaded model.</summary>
    public static Tokenizer TokenizerOf(LanguageModel model)
    {
        RequireTokenizer(model.Folder);
        return model.Tokenizer;
    }

    /// <summary>True when the folder has a tokenizer; a model can be scored by token ids without one.</summary>
    public static bool HasTokenizer(string folder) => File.Exists(Path.Combine(folder, TokenizerFile));

    private static void RequireTokenizer(string folder)
    {
        if (HasTokenizer(folder)) return;
        throw new ParScaleException(ErrorKind.BadInput, "TK-01",
            $"{ParScaleException.Quote(folder)} has no {TokenizerFile}; without it a model reads only --tokens");
    }
}
