using ParScale.Cli.Terminals;
using ParScale.Configuration;
using ParScale.Text;
using ParScale.Text.TokenizerJson;

namespace ParScale.Cli.Commands;

/// <summary>The tokenizers that commands work with; their notes are printed.</summary>
internal static class ModelFolder
{
    /// <summary>
    /// The tokenizer of the given folder, or the embedded model's, without the weights. Where the folder holds a model, the
    /// tokenizer must fit its config.json; a folder that a tokenizer was just trained into has none.
    /// </summary>
    public static Tokenizer Tokenizer(string? folder, Terminal terminal)
    {
        string resolved = folder ?? EmbeddedModel.Folder();
        if (!Text.Tokenizer.IsIn(resolved)) throw NoTokenizer(resolved);
        int? rows = Path.Exists(Path.Combine(resolved, "config.json")) ? CheckpointConfig.Load(resolved).Model.VocabularySize : null;
        return WithNotes(Text.Tokenizer.Load(resolved, rows), terminal);
    }

    /// <summary>The tokenizer of a loaded model.</summary>
    public static Tokenizer TokenizerOf(LanguageModel model, Terminal terminal) =>
        model.HasTokenizer ? WithNotes(model.Tokenizer, terminal) : throw NoTokenizer(model.Folder);

    private static Tokenizer WithNotes(Tokenizer tokenizer, Terminal terminal)
    {
        foreach (string notice in tokenizer.Notices) terminal.Note(notice);
        return tokenizer;
    }

    private static ParScaleException NoTokenizer(string folder) => new(ErrorKind.BadInput, "TK-01",
        $"{ParScaleException.Quote(folder)} has no tokenizer.json{TokenizerFile.OtherFormatIn(folder)}; without it a model reads only --tokens");
}
