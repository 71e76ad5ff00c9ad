using System.CommandLine;
using ParScale.Files;
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
        folder = SystemPath.WithoutDots(folder);
        if (!Directory.Exists(folder))
        {
            if (!InputFile.IsThere(folder, "CL-03")) throw Refuse(Missing(folder, name));
            throw Refuse(new FileInfo(folder).LinkTarget is null
                ? $"--model {name} is a file; give the folder that holds config.json and model.safetensors"
                : $"--model {name} is a link that leads to no folder; link it to a folder in Hugging Face layout");
        }
        bool enough = InputFile.IsThere(Path.Combine(folder, "config.json"), "CF-01") || (acceptsTokenizerAlone && Tokenizer.IsIn(folder));
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
