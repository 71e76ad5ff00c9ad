using ParScale.Configuration;
using ParScale.Checkpoints;
using ParScale.Kernels.Formats;
using ParScale.Quantization;
using ParScale.Store;

namespace ParScale;

public sealed partial class LanguageModel
{
    /// <summary>
    /// Loads a model in the type that <see cref="LoadOptions.Dtype"/> asks for. When that is q8 or q4 and the files hold floats, they are
    /// quantised once, and the copy is kept in <paramref name="store"/>: the next start maps it. A copy that is damaged, or of other files,
    /// is made again; where none can be kept, the weights are quantised in memory.
    /// </summary>
    /// <param name="source">The model.</param>
    /// <param name="store">Where copies are kept.</param>
    /// <param name="options">How it is loaded.</param>
    /// <param name="note">Told, one line each, what was made, and why something was made again or cannot be kept.</param>
    /// <param name="progress">Told the share that is done while quantising, 0 to 1.</param>
    /// <param name="cancellationToken">Stops the quantising; nothing is left behind.</param>
    /// <exception cref="ParScaleException">The folder or an option is wrong; the message names the file and what to do.</exception>
    public static LanguageModel LoadKept(
        ModelSource source, ModelStore store, LoadOptions options, Action<string>? note = null, IProgress<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(options);
        note ??= _ => { };
        if (options.Dtype is not { } type || !WeightFormats.IsQuantized(type) || CheckpointConfig.Load(source.Folder) is not { QuantizedType: null } config)
            return Load(source.Folder, options);
        MemoryCheck.Require(config.WithStreams(options.OwnStreams), type);
        if (QuantizedCopy.Prepare(store, source, type, note, progress, cancellationToken) is not { } kept) return Load(source.Folder, options);
        try
        {
            return Load(kept, options);
        }
        // Streams and gates that do not fit (AD) would not fit a new copy either.
        catch (ParScaleException damage) when (damage.Kind is ErrorKind.HashMismatch or ErrorKind.BadInput && !damage.Code.StartsWith("AD-", StringComparison.Ordinal))
        {
            note($"the kept {QuantizedFolder.Name(type)} weights of {source.Title} are made again: {QuantizedFault.WithoutCure(damage.Message)}");
        }
        QuantizedCopy.Discard(kept);
        return Load(QuantizedCopy.Prepare(store, source, type, note, progress, cancellationToken) ?? source.Folder, options);
    }
}
