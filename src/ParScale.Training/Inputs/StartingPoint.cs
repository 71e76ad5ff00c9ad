using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Configuration.Rotations;
using ParScale.Files;
using ParScale.Training.Checkpointing;
using ParScale.Training.Configuration;
using ParScale.Training.Conversion;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Inputs;

/// <summary>The trained model that a run starts from (<c>--from</c>): plain, with streams, or an add-on.</summary>
internal sealed record StartingPoint
{
    private const int DefaultPrefixTokens = 48;
    private const double DefaultSmoothing = 0.1;

    private StartingPoint(string folder, CheckpointConfig source, BackboneReference backbone, string hash)
    {
        Folder = folder;
        Source = source;
        Backbone = backbone;
        Hash = hash;
    }

    public string Folder { get; }

    /// <summary>The config in the folder, with the type that its weights have.</summary>
    public CheckpointConfig Source { get; }

    /// <summary>The plain weights of the folder; its path is absolute.</summary>
    public BackboneReference Backbone { get; }

    /// <summary>Tells the model from others: the hash of its backbone; of one with streams a dash and the hash of these follow.</summary>
    public string Hash { get; }

    /// <exception cref="ParScaleException">The folder holds no float model that loads.</exception>
    public static StartingPoint Open(string folder)
    {
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        if (checkpoint.Config.QuantizedType is not null)
            throw ParScaleException.Usage("CV-02", $"--from {ParScaleException.Quote(folder)} is quantised; give the folder with the float weights");
        // An add-on does not stand on another one, but on the backbone of that.
        BackboneReference backbone = checkpoint.Config.Backbone is { } below
            ? below with { Path = SystemPath.Full(Path.Combine(folder, below.Path)) }
            : new BackboneReference(SystemPath.Full(folder), BackboneHash.Of(checkpoint));
        string hash = checkpoint.Config.Streams.Count == 1 ? backbone.Hash.Whole : $"{backbone.Hash.Whole}-{BackboneHash.WholeOfStreams(checkpoint)}";
        return new StartingPoint(folder, ModelFolder.ConfigOf(checkpoint) with { Backbone = null, Notices = [] }, backbone, hash);
    }

    /// <summary>The options with the shape of this model; what they leave open of the streams is taken from it too.</summary>
    /// <param name="options">The options of the run.</param>
    /// <param name="streams">P, if it was asked for.</param>
    /// <param name="prefixTokens">Prefix slots, if they were asked for.</param>
    /// <param name="smoothing">Smoothing, if it was asked for.</param>
    /// <param name="init">First values of new streams, if they were asked for.</param>
    /// <param name="anchored">Whether an anchor was asked for, or none.</param>
    /// <exception cref="ParScaleException">They ask for other streams than this model has (TR-22).</exception>
    public TrainingOptions Complete(TrainingOptions options, int? streams, int? prefixTokens, double? smoothing, StreamInit? init, bool? anchored)
    {
        bool adds = Source.Streams.Count == 1 && streams > 1;
        if (!adds) RequireSame(streams, prefixTokens);
        if (!adds && init is { } start)
            throw ParScaleException.Usage("TR-22", $"--init {Setting.Text(start)}: the model of --from gets no new streams; give a plain one and --streams, or leave the flag out");
        if (anchored == false && Source.Streams.Anchored)
            throw ParScaleException.Usage("TR-22", "--anchored=false: the streams of --from are helpers of an anchor and stay so; leave the flag out");
        if (!adds && options.Anchored && !Source.Streams.Anchored)
            throw ParScaleException.Usage("TR-22", "--anchored: the streams of --from have keys and values of their own; give a plain model and --streams, or leave the flag out");
        return options with
        {
            From = Hash,
            Anchored = options.Anchored || Source.Streams.Anchored,
            Init = adds ? options.Init : null,
            Streams = streams ?? Source.Streams.Count,
            PrefixTokens = adds ? prefixTokens ?? DefaultPrefixTokens : Source.Streams.PrefixTokens,
            Elastic = options.Elastic ?? (adds ? null : ElasticStreams.Of(Source.Streams)),
            Smoothing = smoothing ?? (Source.Streams.Count > 1 ? Source.Streams.Smoothing : DefaultSmoothing),
            HiddenSize = Source.Model.HiddenSize,
            IntermediateSize = Source.Model.IntermediateSize,
            Layers = Source.Model.LayerCount,
            Heads = Source.Model.AttentionHeads,
            KeyValueHeads = Source.Model.KeyValueHeads,
        };
    }

    /// <summary>The model that the run trains.</summary>
    /// <exception cref="ParScaleException">Text or window do not fit this model (TR-22), or no such model can be loaded (TR-10).</exception>
    public CheckpointConfig Configure(TrainingOptions options, int vocabularySize)
    {
        if (vocabularySize > Source.Model.VocabularySize)
            throw ParScaleException.Usage("TR-22", $"--tokenizer has {vocabularySize} tokens, the model of --from {Source.Model.VocabularySize}; give the model's own");
        if (options.Context > Source.Model.MaxPositions)
            throw ParScaleException.Usage("TR-22", $"--context {options.Context} is longer than the context of --from, {Source.Model.MaxPositions}");
        RequireOneRotation(options.Context);
        CheckpointConfig config = options.Streams == Source.Streams.Count
            ? Source with { Streams = Source.Streams with { Smoothing = options.Smoothing, Elastic = ElasticStreams.Of(options.Elastic) } }
            : NewStreams.Configure(Source, options.StreamConfig);
        // A backbone that stays as it is keeps its type too.
        return TrainingOptions.Loadable(options.Train == TrainedSet.Streams ? config : config with { StoredType = options.SaveType.InConfig() });
    }

    /// <summary>Puts the weights of the folder into <paramref name="model"/>, and new ones where it has more streams.</summary>
    /// <param name="model">The model of <see cref="Configure"/>.</param>
    /// <param name="options">The options of the run.</param>
    /// <param name="text">The tokens it will see.</param>
    public void Fill(ParScaleLm model, TrainingOptions options, int[] text)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using Checkpoint checkpoint = Checkpoint.Open(Folder);
        Dictionary<string, Tensor> added = options.Init is { } init
            ? NewStreams.Draw(checkpoint, model.Config, init, options.Seed, text, options.Prefixes).Tensors
            : [];
        foreach ((string name, var parameter) in model.named_parameters().Where(p => !PrefixMlp.Owns(p.name)))
        {
            if (added.TryGetValue(name, out Tensor? drawn)) parameter.copy_(drawn);
            else ModelFolder.Copy(checkpoint, name, parameter);
        }
    }

    /// <summary>
    /// Refuses rows in which frequencies follow the length: the logits of a token would be those of a text as long as the row, which no
    /// shorter text has, and documents of one row would each have others.
    /// </summary>
    private void RequireOneRotation(int context)
    {
        if (Source.Model.Rotations.FirstOrDefault(rotation => rotation.Epoch(context) != 0) is not { } rotation) return;
        int longest = context;
        while (rotation.Epoch(longest) != 0) longest--;
        throw ParScaleException.Usage("TR-22",
            $"--context {context}: above {longest} tokens the rotation of --from ({RotationWriter.TypeName(rotation)}) follows the length of the text, which is not trained; "
            + $"give at most {longest}");
    }

    private void RequireSame(int? streams, int? prefixTokens)
    {
        if (streams is { } p && p != Source.Streams.Count)
            throw ParScaleException.Usage("TR-22", $"--streams {p}: the model of --from has {Source.Streams.Count}; leave the flag out, or start from a plain model");
        if (prefixTokens is { } n && n != Source.Streams.PrefixTokens)
            throw ParScaleException.Usage("TR-22", $"--prefix-tokens {n}: the model of --from has {Source.Streams.PrefixTokens}; leave the flag out");
    }
}
