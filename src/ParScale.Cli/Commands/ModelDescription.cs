using System.Globalization;
using ParScale.Configuration;
using ParScale.Configuration.Rotations;

namespace ParScale.Cli.Commands;

/// <summary>What a model computes beside its sizes, in words: one line for each thing that not every model has.</summary>
internal static class ModelDescription
{
    /// <summary>The lines.</summary>
    public static IReadOnlyList<string> Of(ModelConfig model)
    {
        var lines = new List<string>();
        void Add(bool there, FormattableString line)
        {
            if (there) lines.Add(line.ToString(CultureInfo.InvariantCulture));
        }
        AttentionConfig attention = model.Layers[0].Attention;
        foreach (IGrouping<Rotation?, LayerConfig> turn in model.Layers.GroupBy(layer => layer.Attention.Rotation))
            Add(true, $"{Some(turn.Count(), model.LayerCount)}: {(turn.Key is null ? "no rotary positions" : Rotation(turn.Key, model.HeadSize))}");
        foreach (IGrouping<int, int> windows in model.Layers.Select(layer => layer.Attention.Window).OfType<int>().GroupBy(window => window))
            Add(true, $"{Some(windows.Count(), model.LayerCount)}: a window of {windows.Key} tokens; the cache is not smaller for it");
        Add(attention.QueryKeyNorm == QueryKeyNorm.Head, $"queries and keys normalized per head");
        Add(attention.QueryKeyNorm == QueryKeyNorm.Projection, $"queries and keys normalized as a whole");
        Add(attention.SoftCap is not null, $"scores capped at {attention.SoftCap}");
        Add(model.LogitsSoftCap is not null, $"logits capped at {model.LogitsSoftCap}");
        Add(model.Layers[0].Norms == NormPlacement.After, $"norms behind the blocks");
        Add(model.Layers[0].Norms == NormPlacement.Both, $"norms before and behind the blocks");
        Add(model.Layers[0].FeedForward.Activation == Activation.GeluTanh, $"gelu (tanh form) in the feed-forward blocks");
        foreach (IGrouping<FeedForwardConfig, LayerConfig> block in model.Layers.GroupBy(layer => layer.FeedForward))
        {
            if (block.Key.Experts is not { } experts) continue;
            string weights = experts.Normalized ? "weights of sum 1" : "weights as they are";
            string shared = experts.SharedWidth == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", and a shared one of width {experts.SharedWidth}");
            Add(true, $"{Some(block.Count(), model.LayerCount)}: each stream runs through {experts.Chosen} of {experts.Count} experts of width {block.Key.Width}, {weights}{shared}");
        }
        Add(model.ExpertTensors == ExpertTensors.Stacked, $"experts stacked in two tensors of a layer, which quantized folders hold apart");
        Add(model.FusedProjections, $"fused projections, which quantized folders hold apart");
        return lines;
    }

    private static string Some(int count, int all) => count == all ? "all layers" : string.Create(CultureInfo.InvariantCulture, $"{count} of {all} layers");

    private static string Rotation(Rotation rotation, int headSize)
    {
        FormattableString name = rotation switch
        {
            LinearRotation linear => $"linear, factor {linear.Factor}",
            DynamicRotation dynamic => $"dynamic, factor {dynamic.Factor} beyond {dynamic.TrainedPositions} tokens: every token there computes the text anew",
            Llama3Rotation llama3 => $"llama3, factor {llama3.Factor}, first {llama3.OriginalPositions} tokens",
            YarnRotation yarn => $"yarn, factor {yarn.Factor}, first {yarn.OriginalPositions} tokens",
            LongRotation longRope => $"longrope, long factors beyond {longRope.OriginalPositions} tokens: the text is computed anew there",
            _ => $"plain",
        };
        string part = rotation.Size == headSize ? "" : string.Create(CultureInfo.InvariantCulture, $", {rotation.Size} of {headSize} numbers of a head");
        return string.Create(CultureInfo.InvariantCulture, $"rotary positions {name}, theta {rotation.Theta}{part}");
    }
}
