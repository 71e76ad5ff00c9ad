using ParScale.Generation;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Conversion;

/// <summary>
/// Prefixes that are keys and values of real text: those that the plain model makes of a window of as many tokens as there are slots, one
/// window per stream, which ends just before the first token that is read.
/// </summary>
internal static class TextPrefixes
{
    /// <summary>Keys and values of each layer, [P, kv heads, prefix, D], by the names of a checkpoint's tensors; owned by the current dispose scope.</summary>
    /// <exception cref="ParScaleException">The text is shorter than a prefix (TR-25).</exception>
    public static Dictionary<string, Tensor> Of(PlainWeights weights, int streams, int slots, int[] text, long seed)
    {
        using Tensor windows = Windows(text, streams, slots, seed);
        long[] shape = [streams, weights.Config.Model.KeyValueHeads, slots, weights.Config.Model.HeadSize];
        Dictionary<string, Tensor> prefixes = Enumerable.Range(0, weights.Config.Model.LayerCount)
            .SelectMany(layer => (string[])[KeysOf(layer), ValuesOf(layer)])
            .ToDictionary(name => name, _ => zeros(shape), StringComparer.Ordinal);
        BackboneWalk.Run(weights, windows, (layer, keys, values) =>
        {
            prefixes[KeysOf(layer)].copy_(keys);
            prefixes[ValuesOf(layer)].copy_(values);
        });
        return prefixes;
    }

    /// <summary>Puts such prefixes in place of those that a new model has drawn, of its own weights as they are drawn.</summary>
    public static void Fill(ParScaleLm model, int[] text, long seed)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> prefixes = Of(PlainWeights.Of(model), model.Config.Streams.Prefixes, model.Config.Streams.PrefixTokens, text, seed);
        foreach ((string name, var parameter) in model.named_parameters())
            if (prefixes.TryGetValue(name, out Tensor? value)) parameter.copy_(value);
    }

    private static string KeysOf(int layer) => $"model.layers.{layer}.self_attn.prefix_k";

    private static string ValuesOf(int layer) => $"model.layers.{layer}.self_attn.prefix_v";

    /// <summary>Windows [P, prefix] that start at random places of the text.</summary>
    private static Tensor Windows(int[] text, int streams, int slots, long seed)
    {
        if (text.Length < slots)
        {
            throw ParScaleException.Usage("TR-25",
                $"--init text needs a text of at least {slots} tokens, as many as a prefix has slots; this one has {text.Length}: give more text or fewer --prefix-tokens");
        }
        var random = new SplitMix64((ulong)seed);
        long[] ids = new long[streams * slots];
        for (int p = 0; p < streams; p++)
        {
            int start = (int)(random.NextUInt64() % (ulong)(text.Length - slots + 1));
            for (int i = 0; i < slots; i++) ids[p * slots + i] = text[start + i];
        }
        return tensor(ids).view(streams, slots).DetachFromDisposeScope();
    }
}
