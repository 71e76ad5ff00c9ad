using ParScale.Checkpoints;
using ParScale.Model;
using ParScale.Store;

namespace ParScale;

// Sets of streams beside those of the model's own folder.
public sealed partial class LanguageModel
{
    /// <summary>
    /// Makes another set of streams resident over the same weights: an add-on, or the streams of a whole model with this backbone.
    /// Requests choose it by its P or by its name. That it belongs to these weights is proved without reading all of them.
    /// </summary>
    /// <param name="folder">The folder of the add-on or of the model.</param>
    /// <param name="name">A name of its own; null takes <c>p</c> and P, as in <c>p4</c>.</param>
    /// <exception cref="ParScaleException">
    /// The folder is malformed, was made for other weights (AD-02) or another shape (AD-03), has no streams in floats (AD-05), the name
    /// is taken (AD-06), or the model's device cannot run them or has no memory for them.
    /// </exception>
    public StreamSet AddStreams(string folder, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (name is not null && string.IsNullOrWhiteSpace(name)) throw ParScaleException.Usage("AD-06", "the name of a stream set is empty; leave it out or give one");
        Acquire();
        try
        {
            lock (_adding)
            {
                using IDisposable? use = FolderUse.Begin(folder);
                Checkpoint checkpoint = Checkpoint.OpenStreams(folder, _checkpoint);
                StreamSet? set = null;
                try
                {
                    set = Read(checkpoint, name ?? StreamSet.NameOf(checkpoint.Config.Streams.Count));
                    _engine.Add(set);
                    Volatile.Write(ref _sets, [.. _sets, set]);
                    return set;
                }
                catch
                {
                    if (set is null) checkpoint.Dispose();
                    else set.Free();
                    throw;
                }
            }
        }
        finally
        {
            Release();
        }
    }

    private static LanguageModel WithAdded(LanguageModel model, LoadOptions options)
    {
        if (options.AddedStreams.Count == 0 && options.Gate is null) return model;
        try
        {
            foreach (string folder in options.AddedStreams) model.AddStreams(folder);
            if (options.AddedStreams.Count > 0 && options.Streams is { } streams) model.Streams = StreamChoice.FromInt32(streams).Find(model.StreamSets);
            options.Gate?.Require(model.Streams);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private StreamSet Read(Checkpoint checkpoint, string name)
    {
        if (StreamSets.Any(other => other.Name == name))
            throw ParScaleException.Usage("AD-06", $"a stream set {ParScaleException.Quote(name)} is loaded already; give this one another name");
        // The aggregator takes the format that it would have in a folder with this backbone.
        var reader = new WeightReader(checkpoint, _requestedDtype ?? _checkpoint.Config.QuantizedType);
        return StreamSet.From(reader, Config, checkpoint.Config.Streams, KvDtype, name, checkpoint, StreamGateFile.Read(checkpoint, _checkpoint));
    }
}
