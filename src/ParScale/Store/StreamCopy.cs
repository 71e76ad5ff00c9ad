using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Files;
using ParScale.Hub;
using ParScale.Hub.Transfer;
using ParScale.Quantization;

namespace ParScale.Store;

/// <summary>
/// Fetches the streams of a model whose backbone is on this machine already, as part of another model: prefixes and aggregator, some per cent
/// of all its weights. They are kept as an add-on of that backbone.
/// </summary>
internal static class StreamCopy
{
    private const int Parallel = 4;

    /// <summary>
    /// The add-on, fetched now when there is none that fits; null when it cannot be had: the backbones are not the same, or the store cannot be
    /// written. Both are noted, and the whole model has to be fetched.
    /// </summary>
    /// <param name="store">Where it is kept.</param>
    /// <param name="client">The hub.</param>
    /// <param name="plan">The model whose streams are wanted.</param>
    /// <param name="backbone">The folder of another model with the same backbone, in floats.</param>
    /// <param name="note">Told what was fetched, and why something cannot be.</param>
    /// <param name="progress">Told how the fetch goes on.</param>
    /// <param name="cancellation">Ends it; nothing is left behind.</param>
    /// <exception cref="ParScaleException">The hub refuses, or a file is malformed.</exception>
    public static async Task<string?> PrepareAsync(
        ModelStore store, HubClient client, HubPlan plan, string backbone, Action<string> note, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        backbone = Path.GetFullPath(backbone);
        string folder = store.PathOfStreams(new ModelSource(backbone, plan.Name.Id, plan.Commit));
        try
        {
            if (Fits(folder, backbone)) return ModelStore.Use(folder);
            using IDisposable? use = FolderUse.Begin(backbone, cancellation);
            using IDisposable _ = await Task.Run(
                () => ModelStore.Lock(folder, () => note($"waiting for another process that fetches the streams of {plan.Name}"), cancellation), cancellation).ConfigureAwait(false);
            if (Fits(folder, backbone)) return ModelStore.Use(folder);
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            using var output = new OutputFolder(folder, replace: false);
            using var below = Checkpoint.Open(backbone);
            if (!await FetchAsync(client.Parts(plan), plan, below, output.Path, progress, cancellation).ConfigureAwait(false))
            {
                note($"{plan.Name} has another backbone than {ParScaleException.Quote(backbone)}: all of it is needed");
                return null;
            }
            new MadeFrom(plan.Name.Id, plan.Commit, backbone, new ModelSource(backbone).Identity()).Write(output.Path);
            output.Commit();
            note($"fetched the streams of {plan.Name}; their backbone is here already");
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            note($"the streams of {plan.Name} cannot be kept, so all of it is needed: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}; set {ModelStore.Variable} to a folder with room");
            return null;
        }
    }

    /// <summary>Whether a kept add-on was made for this backbone as it is now.</summary>
    public static bool Fits(string folder, string backbone)
    {
        try
        {
            return MadeFrom.Read(folder) is { } from && from.Folder == Path.GetFullPath(backbone) && from.Identity == new ModelSource(backbone).Identity();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The backbone was removed.
            return false;
        }
    }

    // False when the backbones differ.
    private static async Task<bool> FetchAsync(
        PartReader reader, HubPlan plan, Checkpoint below, string target, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        byte[] json = await reader.ReadWholeAsync(plan.Files.Single(file => file.Path == ModelFiles.Config), cancellation).ConfigureAwait(false);
        CheckpointConfig config = CheckpointConfig.Parse(json, ModelFiles.Config);
        if (config.Streams.Count == 1 || below.Config.QuantizedType is not null || !AddOn.SameShape(config.Model, below.Config.Model)) return false;
        List<PartialWeights> weights = [];
        try
        {
            foreach (HubFile file in plan.Files.Where(IsWeights))
                weights.Add(await PartialWeights.OpenAsync(reader, file, Path.Combine(target, $"{DurableFile.Unfinished}{weights.Count}"), ModelTensors.IsOfStreams, cancellation).ConfigureAwait(false));
            var meter = new ProgressMeter(progress, weights.Sum(file => file.Bytes), weights.Count);
            foreach (PartialWeights file in weights) await file.FetchAsync(reader, meter, Parallel, cancellation).ConfigureAwait(false);
            if (!weights.TrueForAll(file => file.Agrees(below, ModelTensors.IsOfStreams))) return false;
            SafetensorsWriter.Write(Path.Combine(target, ModelFiles.Weights), [.. weights.SelectMany(file => Streams(file.Tensors))]);
        }
        finally
        {
            foreach (PartialWeights file in weights) file.Dispose();
        }
        foreach (HubFile file in plan.Files.Where(file => !IsWeights(file) && file.Path is not (ModelFiles.Config or ModelFiles.Index)))
        {
            string path = Path.Combine(target, file.Path.Replace('/', Path.DirectorySeparatorChar));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            DurableFile.Write(path, await reader.ReadWholeAsync(file, cancellation).ConfigureAwait(false));
        }
        BackboneReference reference = new BackboneReference(below.Folder, BackboneHash.Of(below)).From(target);
        DurableFile.WriteText(Path.Combine(target, ModelFiles.Config), (config with { Backbone = reference }).ToJson());
        return true;
    }

    private static IEnumerable<TensorToWrite> Streams(SafetensorsFile file) => file.Tensors.Values.Where(tensor => ModelTensors.IsOfStreams(tensor.Name))
        .Select(tensor => new TensorToWrite(tensor.Name, tensor.Type, tensor.Shape, stream => file.CopyTo(tensor, stream)));

    private static bool IsWeights(HubFile file) => file.Path.EndsWith(".safetensors", StringComparison.Ordinal);
}
