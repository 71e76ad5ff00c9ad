using System.Globalization;
using ParScale.Checkpoints.Safetensors;

namespace ParScale.Inspection;

/// <summary>What a folder without <c>config.json</c> is, or a file in place of a folder, judged by names and first bytes.</summary>
/// <param name="What">In words, such as <c>a PEFT adapter</c>.</param>
/// <param name="Advice">What to do.</param>
internal sealed record FolderKind(string What, string Advice)
{
    /// <summary>The settings of a PEFT adapter.</summary>
    public const string AdapterFile = "adapter_config.json";

    private const string LayoutAdvice = "give a folder in Hugging Face layout: config.json, safetensors and tokenizer.json";
    private const string HuggingFaceAdvice = "fetch the same model in Hugging Face layout (config.json and safetensors)";
    private const string TransformersAdvice = "load it with Transformers in Python and save_pretrained it as safetensors";
    private const int MostNames = 10_000;
    private const int Shown = 3;

    // The first that a folder has decides; a suffix stands for any file that ends so.
    private static readonly (string Mark, string What, string Advice)[] Marks =
    [
        (AdapterFile, "a PEFT adapter (LoRA or the like): changes to a base model, not a model", "an adapter is not applied here: merge it into its base model (merge_and_unload in Python), and save_pretrained that"),
        ("model_index.json", "a Diffusers pipeline, which makes pictures", "it is no language model"),
        ("params.json", "a model in its maker's own layout (params.json)", HuggingFaceAdvice),
        (".gguf", "a folder of GGUF files, which llama.cpp reads", $"GGUF is not read: {HuggingFaceAdvice}"),
        (".safetensors", "safetensors without the config.json that says what they compute", "fetch config.json beside them"),
        (".bin", "PyTorch weights (pickle) without config.json", $"pickle is not read: {TransformersAdvice}"),
        (".pth", "PyTorch weights (pickle) without config.json", $"pickle is not read: {TransformersAdvice}"),
        (".pt", "PyTorch weights (pickle) without config.json", $"pickle is not read: {TransformersAdvice}"),
        (".ckpt", "PyTorch weights (pickle) without config.json", $"pickle is not read: {TransformersAdvice}"),
        (".onnx", "an ONNX model", HuggingFaceAdvice),
        (".msgpack", "Flax weights", HuggingFaceAdvice),
        (".h5", "TensorFlow weights", HuggingFaceAdvice),
        ("tokenizer.json", "a tokenizer without a model", "fetch config.json and the weights beside it, or use it with tokenize alone"),
    ];

    /// <summary>That of a file.</summary>
    public static FolderKind OfFile(string path)
    {
        const string folderAdvice = "give the folder that holds config.json and model.safetensors";
        if (GgufHeader.Read(path) is { } gguf) return new FolderKind($"a file: {gguf}", $"GGUF is not read: {HuggingFaceAdvice}");
        string name = Path.GetFileName(path);
        if (Path.GetExtension(name) is ".safetensors") return new FolderKind($"a file: {Safetensors(path)}", folderAdvice);
        (string? _, string? what, string? advice) = Marks.FirstOrDefault(mark => mark.Mark[0] == '.' && name.EndsWith(mark.Mark, StringComparison.OrdinalIgnoreCase));
        return what is null ? new FolderKind("a file", folderAdvice) : new FolderKind($"a file: {what}", advice!);
    }

    /// <summary>That of a folder.</summary>
    public static FolderKind OfFolder(string folder)
    {
        string[] names = [.. Directory.EnumerateFileSystemEntries(folder).Take(MostNames).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];
        if (names.Length == 0) return new FolderKind("an empty folder", LayoutAdvice);
        if (names.FirstOrDefault(IsUnfinished) is { } part)
            return new FolderKind($"an unfinished fetch: {ParScaleException.Quote(part)}", "finish the fetch, or begin it again");
        foreach ((string mark, string what, string advice) in Marks)
        {
            if (names.FirstOrDefault(name => mark[0] == '.' ? name.EndsWith(mark, StringComparison.OrdinalIgnoreCase) : name == mark) is not { } found) continue;
            string more = mark == ".gguf" && GgufHeader.Read(Path.Combine(folder, found)) is { } gguf ? $": {ParScaleException.Quote(found)} ({gguf})" : "";
            return new FolderKind(what + more, advice);
        }
        if (names.FirstOrDefault(name => File.Exists(Path.Combine(folder, name, "config.json"))) is { } inside)
            return new FolderKind("a folder of folders", $"give the folder of the model in it, such as {ParScaleException.Quote(inside)}");
        string some = string.Join(", ", names.Take(Shown).Select(ParScaleException.Quote));
        return new FolderKind(string.Create(CultureInfo.InvariantCulture, $"no model: {(names.Length == 1 ? "one entry" : $"{names.Length} entries")}, such as {some}"), LayoutAdvice);
    }

    /// <summary>Whether the name is what fetching programs call a file until it is whole.</summary>
    public static bool IsUnfinished(string name) =>
        ((string[])[".incomplete", ".part", ".partial", ".aria2", ".crdownload", ".tmp"]).Any(suffix => name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase));

    private static string Safetensors(string path)
    {
        try
        {
            using var file = SafetensorsFile.Open(path);
            return string.Create(CultureInfo.InvariantCulture, $"safetensors with {file.Tensors.Count} tensors");
        }
        catch (ParScaleException fault)
        {
            return $"no whole safetensors ({fault.Code} {fault.Message})";
        }
    }
}
