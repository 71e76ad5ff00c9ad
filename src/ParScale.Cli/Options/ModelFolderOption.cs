using System.CommandLine;
using ParScale.Text;

namespace ParScale.Cli.Options;

/// <summary>The option <c>-m</c>: a folder in Hugging Face layout, or nothing for the embedded model.</summary>
/// <param name="acceptsTokenizerAlone">Whether a folder with tokenizer.json and nothing else will do.</param>
internal sealed class ModelFolderOption(bool acceptsTokenizerAlone = false)
{
    public Option<string?> Option { get; } = new("--model", "-m")
    {
        Description = "Folder in Hugging Face layout: config.json, *.safetensors, tokenizer.json (default: the embedded model).",
        HelpName = "FOLDER",
    };

    /// <summary>The folder, proved to exist and to hold what is needed; null for the embedded model.</summary>
    public string? Read(ParseResult parse)
    {
        string? folder = parse.GetValue(Option);
        if (folder is null) return null;
        if (folder.Length == 0) throw ParScaleException.Usage("CL-02", "--model needs a folder; leave it out for the embedded model");

        string name = ParScaleException.Quote(folder);
        if (File.Exists(folder)) throw Refuse($"--model {name} is a file; give the folder that holds config.json and model.safetensors");
        if (!Directory.Exists(folder)) throw Refuse(Missing(folder, name));
        bool enough = Path.Exists(Path.Combine(folder, "config.json")) || (acceptsTokenizerAlone && Tokenizer.IsIn(folder));
        if (!enough)
            throw Refuse($"--model {name} has no config.json; give a folder in Hugging Face layout");
        return folder;
    }

    private static string Missing(string folder, string name)
    {
        string[] parts = folder.Split('/');
        bool looksLikeHubName = parts.Length == 2 && parts.All(part => part.Length > 0 && part[0] != '.' && part[0] != '~');
        return looksLikeHubName
            ? $"--model {name} is not a folder here, and hub names are not supported yet: download the model and give the folder it is in"
            : $"--model {name}: there is no such folder";
    }

    private static ParScaleException Refuse(string message) => new(ErrorKind.BadInput, "CL-03", message);
}
