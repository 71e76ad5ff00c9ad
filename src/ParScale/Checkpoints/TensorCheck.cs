using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;

namespace ParScale.Checkpoints;

/// <summary>Proves that a checkpoint holds exactly the tensors its config asks for.</summary>
internal static class TensorCheck
{
    private const int NearEnough = 8;

    /// <summary>Checks all names, shapes and element types; a harmless extra goes to <paramref name="notices"/>.</summary>
    public static void Require(CheckpointConfig config, CheckpointFiles files, List<string> notices, Faults faults) =>
        Require(config, ModelTensors.Expected(config), files, notices, faults);

    /// <summary>The same for a folder that holds only the tensors of its streams.</summary>
    public static void RequireStreams(CheckpointConfig config, CheckpointFiles files, List<string> notices, Faults faults) =>
        Require(config, ModelTensors.Expected(config).Where(tensor => ModelTensors.IsOfStreams(tensor.Name)), files, notices, faults);

    private static void Require(
        CheckpointConfig config, IEnumerable<(string Name, long[] Shape)> expected, CheckpointFiles files, List<string> notices, Faults faults)
    {
        var expectedNames = new HashSet<string>(StringComparer.Ordinal);
        var doubles = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, long[] shape) in expected)
        {
            expectedNames.Add(name);
            if (files.FindDouble(name) is { } other)
            {
                doubles.Add(other);
                notices.Add($"{Path.GetFileName(files.MainFile)}: {ParScaleException.Quote(other)} is {ParScaleException.Quote(name)} too, as __metadata__ says");
            }
            if (files.Tensors.TryGetValue(name, out (SafetensorsFile File, TensorInfo Info) held))
            {
                if (Misfit(config, held, shape) is { } misfit) faults.AddOneOf($"misfit {Kind(name)}", () => misfit);
            }
            else if (!files.IsUnopened(name)) faults.AddOneOf($"missing {Kind(name)}", () => Missing(config, files.Tensors.Keys, files.MainFile, (name, shape)));
        }
        var extra = new ExtraTensors(config, expectedNames, files.HeadersOnly);
        foreach ((string name, (SafetensorsFile File, TensorInfo Info) held) in files.Tensors)
        {
            if (expectedNames.Contains(name) || doubles.Contains(name) || extra.Ignores(held.File, held.Info)) continue;
            if (!IsSecondHead(config, files, held, notices, faults)) faults.AddOneOf($"extra {Kind(name)}", () => Unexpected(config, held, expectedNames));
        }
        if (extra.Notice(files.MainFile) is { } notice) notices.Add(notice);
    }

    // Layers and experts have the same faults; one of them is enough to tell.
    private static string Kind(string name) => string.Join('.', name.Split('.').Select(part => part.All(char.IsAsciiDigit) ? "#" : part));

    private static ParScaleException? Misfit(CheckpointConfig config, (SafetensorsFile File, TensorInfo Info) held, long[] shape)
    {
        TensorInfo tensor = held.Info;
        string quoted = ParScaleException.Quote(tensor.Name);
        if (!tensor.Shape.AsSpan().SequenceEqual(shape))
        {
            string detail = $"tensor {quoted}: expected shape {Text(shape)}, found {Text(tensor.Shape)}";
            bool prefix = ModelTensors.IsPrefix(tensor.Name) && tensor.Shape.Length == shape.Length;
            if (prefix && tensor.Shape[0] != shape[0])
                return ParScaleException.BadInput("CF-11", held.File.Path,
                    $"{detail}; parscale_n is {config.Streams.Count} in config.json{(config.Streams.Anchored ? ", and its anchor has no prefix" : "")}");
            if (prefix && tensor.Shape[2] != shape[2])
                return ParScaleException.BadInput("CF-11", held.File.Path,
                    $"{detail}; parscale_n_tokens is {config.Streams.PrefixTokens} in config.json");
            return ParScaleException.BadInput("ST-28", held.File.Path, $"{detail}; do the files belong to this config.json?");
        }
        return tensor.Type is TensorType.F32 or TensorType.BF16 or TensorType.F16 ? null : ParScaleException.BadInput("ST-28", held.File.Path,
            $"tensor {quoted}: expected F32, BF16 or F16, found {tensor.Type.FileName()}");
    }

    private static ParScaleException Missing(
        CheckpointConfig config, IEnumerable<string> found, string file, (string Name, long[] Shape) missing)
    {
        (string name, long[] shape) = missing;
        // A name the config does not expect is the likelier misspelling than one that has its own place.
        HashSet<string> expected = [.. ModelTensors.Expected(config).Select(tensor => tensor.Name)];
        string? nearest = NearestName.Find(name, found.Where(other => !expected.Contains(other)), NearEnough)
            ?? NearestName.Find(name, found, NearEnough);
        bool onlyHead = name == ModelTensors.EmbeddingName && config.Model.TieWordEmbeddings && found.Contains(ModelTensors.HeadName);
        string hint = onlyHead ? $"; {ModelTensors.HeadName} is there, but its file does not say in __metadata__ that it is the same tensor"
            : nearest is null ? "" : $"; the nearest name is {ParScaleException.Quote(nearest)}";
        string reason = ModelTensors.IsPrefix(name) ? $" for parscale_n {config.Streams.Count}"
            : name == ModelTensors.HeadName ? " because tie_word_embeddings is false"
            : "";
        return ParScaleException.BadInput("ST-28", file,
            $"tensor {ParScaleException.Quote(name)}: expected shape {Text(shape)}{reason}, found no such tensor{hint}");
    }

    // A head beside a tied embedding is ignored with a notice.
    private static bool IsSecondHead(
        CheckpointConfig config, CheckpointFiles files, (SafetensorsFile File, TensorInfo Info) held, List<string> notices, Faults faults)
    {
        bool isHead = held.Info.Name == ModelTensors.HeadName && config.Model.TieWordEmbeddings && files.Tensors.ContainsKey(ModelTensors.EmbeddingName);
        if (!isHead) return false;
        if (Misfit(config, held, [config.Model.VocabularySize, config.Model.HiddenSize]) is { } misfit) return faults.Refuse(misfit, true);
        string other = files.HeadersOnly || IsEmbedding(held, files.Tensors[ModelTensors.EmbeddingName]) ? "" : ", though it differs from the embedding";
        notices.Add($"{Path.GetFileName(held.File.Path)}: {ParScaleException.Quote(held.Info.Name)} is ignored, because tie_word_embeddings is true{other}");
        return true;
    }

    private static ParScaleException Unexpected(CheckpointConfig config, (SafetensorsFile File, TensorInfo Info) held, HashSet<string> expectedNames)
    {
        string quoted = ParScaleException.Quote(held.Info.Name);
        if (config.Streams.Count == 1 && ModelTensors.IsPrefix(held.Info.Name))
        {
            string why = config.ModelType == config.Model.Family ? $"model_type is {config.ModelType}" : "parscale_n is 1";
            return ParScaleException.BadInput("CF-11", held.File.Path, $"tensor {quoted}: found a prefix, but {why} in config.json");
        }
        string? nearest = NearestName.Find(held.Info.Name, expectedNames, NearEnough);
        string hint = nearest is null ? "" : $"; the nearest expected name is {ParScaleException.Quote(nearest)}";
        return ParScaleException.BadInput("ST-28", held.File.Path, $"tensor {quoted}: found, but the config expects no such tensor{hint}");
    }

    // A few places tell: a step of training moves nearly every value.
    private static bool IsEmbedding((SafetensorsFile File, TensorInfo Info) head, (SafetensorsFile File, TensorInfo Info) embedding)
    {
        const int places = 64, bytes = 64;
        if (head.Info.Type != embedding.Info.Type) return false;
        int length = (int)Math.Min(bytes, head.Info.ByteLength);
        for (int place = 0; place < places; place++)
        {
            long start = (head.Info.ByteLength - length) * place / (places - 1);
            if (!head.File.Bytes(head.Info, start, length).SequenceEqual(embedding.File.Bytes(embedding.Info, start, length))) return false;
        }
        return true;
    }

    private static string Text(long[] shape) => $"[{string.Join(", ", shape)}]";
}
