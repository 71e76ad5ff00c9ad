using ParScale.Model;
using ParScale.Text;

namespace ParScale.Cli.Commands;

/// <summary>The tokenizers that commands work with.</summary>
internal static class ModelFolder
{
    /// <summary>
    /// The tokenizer of the given folder, or the embedded model's, without the weights. Where the folder holds a model, the
    /// tokenizer must fit its config.json; a folder that a tokenizer was just trained into has none.
    /// </summary>
    public static Tokenizer Tokenizer(string? folder)
    {
        string resolved = folder ?? EmbeddedModel.Folder();
        if (!Text.Tokenizer.IsIn(resolved)) throw NoTokenizer(resolved);
        int? rows = Path.Exists(Path.Combine(resolved, "config.json")) ? ModelConfig.Load(resolved).VocabularySize : null;
        return Text.Tokenizer.Load(resolved, rows);
    }

    /// <summary>The tokenizer of a loaded model.</summary>
    public static Tokenizer TokenizerOf(LanguageModel model) => model.HasTokenizer ? model.Tokenizer : throw NoTokenizer(model.Folder);

    private static ParScaleException NoTokenizer(string folder) => new(ErrorKind.BadInput, "TK-01",
        $"{ParScaleException.Quote(folder)} has no tokenizer.json; without it a model reads only --tokens");
}
