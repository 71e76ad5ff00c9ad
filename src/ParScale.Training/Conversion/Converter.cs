using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Files;
using ParScale.Generation;
using ParScale.Quantization;
using ParScale.Text;
using ParScale.Training.Checkpointing;
using static TorchSharp.torch;

namespace ParScale.Training.Conversion;

/// <summary>Makes ParScale folders of plain ones, and whole folders of add-ons, one tensor at a time.</summary>
internal static class Converter
{
    /// <summary>
    /// Adds streams to the plain model in <paramref name="source"/>. The folder appears whole or not at all; tensors keep the type
    /// they are stored in, new ones take that of the embedding.
    /// </summary>
    /// <exception cref="ParScaleException">The source cannot be converted (CV-02, CV-03), the output is taken (CV-01), or the disk refused (IO-01).</exception>
    public static ConvertReport AddStreams(string source, string output, ConvertOptions options)
    {
        using Checkpoint checkpoint = Open(source, output);
        if (checkpoint.Config.Streams.Count > 1)
        {
            throw ParScaleException.Usage("CV-03",
                $"{ParScaleException.Quote(source)} has {checkpoint.Config.Streams.Count} streams already; give a plain model, or --merge for an add-on");
        }
        int[]? tokens = options.Text is { } text ? Tokenizer.Load(source, checkpoint.Config.Model.VocabularySize).Encode(text) : null;
        CheckpointConfig config = NewStreams.Configure(checkpoint.Config, new StreamConfig(options.Streams, options.PrefixTokens, options.Smoothing));
        using var scope = NewDisposeScope();
        (Dictionary<string, Tensor> added, double? share) = NewStreams.Draw(checkpoint, config, options.Init, options.Seed, tokens, options.Prefixes);
        TensorType type = checkpoint.Get(ModelTensors.EmbeddingName).Info.Type;
        Write(checkpoint, config, output, added.Select(tensor => TensorBytes.Write(tensor.Key, tensor.Value, type)));
        var report = new ConvertReport(output, options.Streams, options.PrefixTokens, options.Init,
            ParameterCounts.Of(config).Streams, share, null, null);
        if (tokens is null) return report;
        int[] measured = tokens[..Math.Min(tokens.Length, options.MeasuredTokens)];
        return report with { LossBefore = Loss(source, measured), LossAfter = Loss(output, measured) };
    }

    /// <summary>Writes the model that the add-on in <paramref name="source"/> and its backbone are together, as one plain folder.</summary>
    /// <exception cref="ParScaleException">The source is no add-on (CV-03), the output is taken (CV-01), or the disk refused (IO-01).</exception>
    public static ConvertReport Merge(string source, string output)
    {
        using Checkpoint checkpoint = Open(source, output);
        CheckpointConfig config = checkpoint.Config;
        if (config.Backbone is null)
            throw ParScaleException.Usage("CV-03", $"{ParScaleException.Quote(source)} is not an add-on; --merge has nothing to merge");
        Write(checkpoint, config with { Backbone = null }, output, [], folder => StreamGateFile.Copy(source, folder));
        return new ConvertReport(output, config.Streams.Count, config.Streams.PrefixTokens, null, 0, null, null, null);
    }

    /// <summary>
    /// Writes the first <paramref name="streams"/> streams of the elastic model in <paramref name="source"/> as a whole folder of their own;
    /// 1 gives the plain model.
    /// </summary>
    /// <exception cref="ParScaleException">The model was not trained for so many (CL-09), is quantised (CV-02), the output is taken (CV-01), or the disk refused (IO-01).</exception>
    public static ConvertReport Slice(string source, string output, int streams)
    {
        using Checkpoint checkpoint = Open(source, output);
        CheckpointConfig whole = checkpoint.Config, cut = whole.WithStreams(streams) with { Backbone = null };
        if (streams == 1) cut = CheckpointConfig.Create(whole.Model, StreamConfig.Plain) with { StoredType = whole.StoredType };
        Dictionary<string, long[]> shapes = ModelTensors.Expected(cut).ToDictionary(StringComparer.Ordinal);
        Write(checkpoint, cut, output, shapes.Where(tensor => Slicer.IsCut(tensor.Key)).Select(tensor =>
        {
            (SafetensorsFile file, TensorInfo info) = checkpoint.Get(tensor.Key);
            return Slicer.Cut(file, info, tensor.Value, whole.Streams.Count, streams);
        }), folder => CutRouters(checkpoint, folder));
        return new ConvertReport(output, streams, cut.Streams.PrefixTokens, null, 0, null, null, null);
    }

    // Those of the streams that are left expect what they did; only the proof of whose they are is another.
    private static void CutRouters(Checkpoint whole, string folder)
    {
        IReadOnlyList<StreamRouter> routers = StreamGateFile.Read(whole, whole);
        if (routers.Count == 0) return;
        using Checkpoint cut = Checkpoint.Open(folder);
        IReadOnlyList<int> counts = StreamGateFile.Counts(cut.Config.Streams);
        StreamRouter[] left = [.. routers.Where(router => counts.Contains(router.Streams))];
        if (left.Length > 0) StreamGateFile.Write(folder, cut, left);
    }

    private static Checkpoint Open(string source, string output)
    {
        string name = ParScaleException.Quote(output);
        if (Path.Exists(output)) throw ParScaleException.Usage("CV-01", $"-o {name} exists; give the name of a new folder");
        Checkpoint checkpoint = Checkpoint.Open(source);
        if (checkpoint.Config.QuantizedType is null) return checkpoint;
        checkpoint.Dispose();
        throw ParScaleException.Usage("CV-02", $"{ParScaleException.Quote(source)} is quantised; give the folder with the float weights");
    }

    private static void Write(Checkpoint checkpoint, CheckpointConfig config, string output, IEnumerable<TensorToWrite> added, Action<string>? also = null)
    {
        List<TensorToWrite> tensors = [.. added];
        HashSet<string> done = [.. tensors.Select(tensor => tensor.Name)];
        foreach ((string name, long[] shape) in ModelTensors.Expected(config).Where(tensor => !done.Contains(tensor.Name)))
        {
            (SafetensorsFile file, TensorInfo info) = checkpoint.Get(name);
            tensors.Add(new TensorToWrite(name, info.Type, shape, stream => file.CopyTo(info, stream)));
        }
        try
        {
            using var folder = new OutputFolder(output, replace: false);
            DurableFile.WriteText(Path.Combine(folder.Path, "config.json"), ConfigFile.Rewrite(checkpoint.Folder, config));
            CompanionFiles.Copy(checkpoint.Folder, folder.Path);
            SafetensorsWriter.Write(Path.Combine(folder.Path, "model.safetensors"), tensors);
            also?.Invoke(folder.Path);
            folder.Commit();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ParScaleException(ErrorKind.Io, "IO-01",
                $"{ParScaleException.Quote(output)}: cannot be written ({e.Message.ReplaceLineEndings(" ")}); "
                + "check the folder it lies in, its permissions and the free space; nothing was left there", e);
        }
    }

    /// <summary>By the engine: it maps the weights, so no second copy of a large model is made.</summary>
    private static double Loss(string folder, int[] tokens)
    {
        using LanguageModel model = LanguageModel.Load(folder);
        return model.Score(tokens).MeanNll;
    }
}
