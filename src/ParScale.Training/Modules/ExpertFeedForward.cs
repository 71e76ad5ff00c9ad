using ParScale.Configuration;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ParScale.Training.Modules;

/// <summary>
/// y = sum over the chosen experts of weight * expert(x), plus sigmoid(gate x) * shared(x) where there is a shared block. Each row of each
/// stream is routed by itself. The choice has no gradient, the weights have.
/// </summary>
internal sealed class ExpertFeedForward : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "gate")] private readonly Linear _router;
    [ComponentName(Name = "experts")] private readonly ModuleList<FeedForward> _experts;
    [ComponentName(Name = "shared_expert")] private readonly FeedForward? _shared;
    [ComponentName(Name = "shared_expert_gate")] private readonly Linear? _sharedGate;
    private readonly ExpertsConfig _config;
    // Held by the object: TorchSharp's number is freed when nothing refers to it any more, even during the call that reads it.
    private readonly Scalar _chosen;

    public ExpertFeedForward(int hiddenSize, FeedForwardConfig config, ExpertsConfig experts) : base(nameof(ExpertFeedForward))
    {
        (_config, _chosen) = (experts, (long)experts.Chosen);
        _router = nn.Linear(hiddenSize, experts.Count, hasBias: false);
        _experts = nn.ModuleList(Enumerable.Range(0, experts.Count).Select(_ => new FeedForward(hiddenSize, config)).ToArray());
        if (experts.SharedWidth > 0)
        {
            _shared = new FeedForward(hiddenSize, config, experts.SharedWidth);
            _sharedGate = nn.Linear(hiddenSize, 1, hasBias: false);
        }
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        Tensor rows = input.flatten(0, -2);
        (Tensor weights, Tensor chosen) = Choose(rows);
        // The rows of an expert beside each other, in order; those of the next one follow.
        (Tensor sorted, Tensor order) = chosen.flatten().sort(0, false, stable: true);
        long[] counts = [.. sorted.bincount(null, _config.Count).cpu().data<long>()];
        Tensor[] parts = rows.index_select(0, order.floor_divide(_chosen)).split(counts);
        // An expert without rows runs too, on nothing: its gradient is then 0 in every process, and not missing in some.
        Tensor results = cat([.. parts.Select((part, expert) => _experts[expert].forward(part))]);
        Tensor ofRows = results.index_select(0, order.argsort()).view(rows.shape[0], _config.Chosen, -1);
        Tensor sum = (ofRows * weights.unsqueeze(-1)).sum(1).to(input.dtype);
        if (_shared is not null && _sharedGate is not null) sum = sum.Plus(_shared.forward(rows) * Projection.Apply(_sharedGate, rows).sigmoid());
        return sum.view(input.shape).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Rows [R, H] to the weights and the numbers of their experts, [R, k] each, in float32 or wider. Of equally probable experts the one of
    /// lower number comes first, as in the engine.
    /// </summary>
    private (Tensor Weights, Tensor Chosen) Choose(Tensor rows)
    {
        Tensor shares = Projection.Apply(_router, rows.AtLeastFloat32()).softmax(-1);
        (Tensor best, Tensor experts) = shares.sort(-1, true, stable: true);
        Tensor weights = best.narrow(1, 0, _config.Chosen);
        if (_config.Normalized) weights = weights / weights.sum(1, keepdim: true);
        return (weights, experts.narrow(1, 0, _config.Chosen));
    }
}
