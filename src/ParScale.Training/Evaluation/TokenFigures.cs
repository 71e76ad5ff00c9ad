using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Evaluation;

/// <summary>What logits say of each token, one number a token.</summary>
internal static class TokenFigures
{
    /// <summary>ln p of <paramref name="targets"/>, [N], under logits [B, S, V] of N tokens.</summary>
    public static Tensor LogLikelihoods(Tensor logits, Tensor targets)
    {
        using var scope = NewDisposeScope();
        return nn.functional.cross_entropy(logits.flatten(0, 1).AtLeastFloat32(), targets, reduction: nn.Reduction.None).neg().MoveToOuterDisposeScope();
    }

    /// <summary>The entropy, in nats, of each of the N predictions of logits [B, S, V]: [N].</summary>
    public static Tensor Entropies(Tensor logits)
    {
        using var scope = NewDisposeScope();
        Tensor logs = nn.functional.log_softmax(logits.flatten(0, 1).AtLeastFloat32(), 1);
        return (logs.exp() * logs).sum(dim: 1).neg().MoveToOuterDisposeScope();
    }

    /// <summary>The two largest probabilities of each of the N predictions of logits [B, S, V], the larger first: [N, 2].</summary>
    public static Tensor BestTwo(Tensor logits)
    {
        using var scope = NewDisposeScope();
        return logits.flatten(0, 1).AtLeastFloat32().softmax(1).topk(2).values.MoveToOuterDisposeScope();
    }

    /// <summary>The values as float64, row by row.</summary>
    public static double[] Doubles(Tensor values)
    {
        using var scope = NewDisposeScope();
        return [.. values.contiguous().to(ScalarType.Float64).cpu().data<double>()];
    }
}
