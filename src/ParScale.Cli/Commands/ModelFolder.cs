using ParScale.Text;

namespace ParScale.Cli.Commands;

/// <summary>For commands that read a model's files without loading its weights.</summary>
internal static class ModelFolder
{
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

    private static void RequireTokenizer(string folder)
    {
        if (Text.Tokenizer.IsIn(folder)) return;
        throw new ParScaleException(ErrorKind.BadInput, "TK-01",
            $"{ParScaleException.Quote(folder)} has no tokenizer.json; without it a model reads only --tokens");
    }
}
