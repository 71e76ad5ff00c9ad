using ParScale.Configuration;

namespace ParScale.Checkpoints;

/// <summary>
/// The tensors of a feed-forward block of experts: a part of the table in <see cref="ModelTensors"/>. Files name them in several ways
/// (<see cref="ExpertTensors"/>); they are loaded, and quantised folders hold them, under one: the names here.
/// </summary>
internal static class ExpertLayerTensors
{
    private const string Experts = "mlp.experts.";
    private const string MixtralExperts = "block_sparse_moe.experts.";
    private static readonly string[] Stacks = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"];

    /// <summary>[E, H], after the name of the layer.</summary>
    public const string Router = "mlp.gate.weight";

    /// <summary>Before the names of the block that every row runs through.</summary>
    public const string Shared = "mlp.shared_expert.";

    /// <summary>[1, H]</summary>
    public const string SharedGate = "mlp.shared_expert_gate.weight";

    /// <summary>Before the names of an expert's matrices.</summary>
    public static string Expert(int index) => FormattableString.Invariant($"{Experts}{index}.");

    /// <summary>Whether a matrix decides which experts run or how much the shared one counts: such ones are never quantised.</summary>
    public static bool IsRouter(string name) => name.EndsWith("." + Router, StringComparison.Ordinal) || name.EndsWith("." + SharedGate, StringComparison.Ordinal);

    /// <summary>All of them, their names beginning with <paramref name="prefix"/>.</summary>
    public static IEnumerable<StoredTensor> Of(ModelConfig model, FeedForwardConfig block, ExpertsConfig experts, string prefix)
    {
        long hidden = model.HiddenSize, width = block.Width;
        long[] inward = [width, hidden], outward = [hidden, width], router = [experts.Count, hidden];
        bool mixtral = model.ExpertTensors == ExpertTensors.Mixtral;
        yield return mixtral ? Named($"{prefix}block_sparse_moe.gate.weight", new(prefix + Router, router)) : new(prefix + Router, router);
        if (model.ExpertTensors == ExpertTensors.Stacked)
        {
            IEnumerable<string> all = Enumerable.Range(0, experts.Count).Select(index => prefix + Expert(index));
            yield return new(prefix + Stacks[0], [experts.Count, 2 * width, hidden])
            {
                Parts = [.. all.SelectMany(name => (StoredTensor[])[new($"{name}gate_proj.weight", inward), new($"{name}up_proj.weight", inward)])],
            };
            yield return new(prefix + Stacks[1], [experts.Count, hidden, width]) { Parts = [.. all.Select(name => new StoredTensor($"{name}down_proj.weight", outward))] };
        }
        else
        {
            for (int index = 0; index < experts.Count; index++)
            {
                foreach ((string name, string other, long[] shape) in ((string, string, long[])[])[("gate_proj", "w1", inward), ("up_proj", "w3", inward), ("down_proj", "w2", outward)])
                {
                    var tensor = new StoredTensor($"{prefix}{Expert(index)}{name}.weight", shape);
                    yield return mixtral ? Named(FormattableString.Invariant($"{prefix}{MixtralExperts}{index}.{other}.weight"), tensor) : tensor;
                }
            }
        }
        if (experts.SharedWidth == 0) yield break;
        yield return new($"{prefix}{Shared}gate_proj.weight", [experts.SharedWidth, hidden]);
        yield return new($"{prefix}{Shared}up_proj.weight", [experts.SharedWidth, hidden]);
        yield return new($"{prefix}{Shared}down_proj.weight", [hidden, experts.SharedWidth]);
        yield return new(prefix + SharedGate, [1, hidden]);
    }

    /// <summary>The model with the way in which its files name experts; as it is where they hold none.</summary>
    /// <exception cref="ParScaleException">They name experts in two ways (ST-28).</exception>
    public static ModelConfig AsHeld(ModelConfig model, CheckpointFiles files)
    {
        if (model.Layers.All(layer => layer.FeedForward.Experts is null)) return model;
        (string Name, ExpertTensors Way)? first = null;
        foreach (string name in files.Tensors.Keys.Order(StringComparer.Ordinal))
        {
            if (WayOf(name) is not { } way) continue;
            first ??= (name, way);
            if (first.Value.Way == way) continue;
            throw ParScaleException.BadInput("ST-28", files.MainFile,
                $"tensors {ParScaleException.Quote(first.Value.Name)} and {ParScaleException.Quote(name)} name experts in two ways; keep those of one way");
        }
        return first is { } found ? model with { ExpertTensors = found.Way } : model;
    }

    private static ExpertTensors? WayOf(string name)
    {
        if (!ModelTensors.IsOfLayer(name)) return null;
        if (Stacks.Any(stack => name.EndsWith("." + stack, StringComparison.Ordinal))) return ExpertTensors.Stacked;
        return name.Contains("." + MixtralExperts, StringComparison.Ordinal) ? ExpertTensors.Mixtral
            : name.Contains("." + Experts, StringComparison.Ordinal) ? ExpertTensors.Separate : null;
    }

    // A tensor that is loaded whole under another name than its file has.
    private static StoredTensor Named(string name, StoredTensor loaded) => new(name, loaded.Shape) { Parts = [loaded] };
}
