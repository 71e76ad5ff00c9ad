using ParScale.Training.Configuration;
using ParScale.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace ParScale.Training.Optimization;

/// <summary>
/// What a step descends: the loss of the mixture, or the weighted losses of the mixtures of the first P' streams with their divergence
/// from the whole one; plus the loss of each stream alone and the penalty on streams that are alike, as the options weigh them.
/// docs/math.md has the definitions.
/// </summary>
internal sealed class TrainingGoal
{
    private readonly TrainingOptions _options;
    private readonly ParScaleLm _model;
    private readonly int[] _counts;
    private readonly double[] _weights;

    public TrainingGoal(TrainingOptions options, ParScaleLm model)
    {
        (_options, _model) = (options, model);
        _counts = ElasticStreams.Of(options.Elastic);
        _weights = ElasticStreams.Weights(options.ElasticWeights, Math.Max(1, _counts.Length));
    }

    /// <summary>
    /// The goal, and the loss of the mixture alone, of final states [P, B, S, H] and the next tokens [B * S]; with <paramref name="present"/>,
    /// [P, B, S], of the streams that are there.
    /// </summary>
    public (Tensor Goal, Tensor Loss) Of(Tensor states, Tensor targets, Tensor? present = null)
    {
        using var scope = NewDisposeScope();
        Tensor logits = Logits(present is null ? _model.Mix(states) : _model.MixPresent(states, present));
        Tensor loss = nn.functional.cross_entropy(logits, targets);
        Tensor goal = _counts.Length == 0 ? loss : Elastic(states, targets, logits, loss);
        if (_options.StreamLoss > 0) goal = goal.Plus(StreamLoss(states, targets));
        if (_options.Decorrelate > 0)
        {
            using Scalar penalty = _options.Decorrelate;
            goal = goal.Plus(StreamSimilarity.Penalty(states) * penalty);
        }
        return (goal.MoveToOuterDisposeScope(), loss.MoveToOuterDisposeScope());
    }

    /// <summary>sum_P' a_P' L_P' + b mean_{P' &lt; P} KL(whole || P'), where the whole mixture of the second part gets no gradient.</summary>
    private Tensor Elastic(Tensor states, Tensor targets, Tensor logits, Tensor loss)
    {
        using Scalar own = _weights[^1], divergence = _options.ElasticDivergence / (_counts.Length - 1);
        Tensor goal = loss * own;
        Tensor teacher = nn.functional.log_softmax(logits.detach(), 1);
        for (int i = 0; i < _counts.Length - 1; i++)
        {
            using Scalar weight = _weights[i];
            Tensor cut = Logits(_model.MixFirst(states, _counts[i]));
            goal = goal.Plus(nn.functional.cross_entropy(cut, targets) * weight);
            if (_options.ElasticDivergence > 0) goal = goal.Plus(Divergence(teacher, cut) * divergence);
        }
        return goal;
    }

    /// <summary>Mean over tokens of sum_v t_v (ln t_v - ln s_v), t the teacher's probabilities, given as logarithms, s those of logits.</summary>
    private static Tensor Divergence(Tensor teacher, Tensor logits) =>
        (teacher.exp() * (teacher - nn.functional.log_softmax(logits, 1))).sum(dim: 1).mean();

    /// <summary>The mean over the streams of the loss of each decoded alone, times its weight. One head call at a time.</summary>
    private Tensor StreamLoss(Tensor states, Tensor targets)
    {
        using Scalar share = _options.StreamLoss / states.shape[0];
        Tensor[] losses = [.. Enumerable.Range(0, (int)states.shape[0]).Select(p => nn.functional.cross_entropy(Logits(states[p]), targets))];
        return stack(losses).sum() * share;
    }

    private Tensor Logits(Tensor mixed) => _model.Logits(mixed).flatten(0, 1).AtLeastFloat32();
}
