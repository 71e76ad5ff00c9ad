using ParScale.Checkpoints;
using ParScale.Training.Data.Order;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using static TorchSharp.torch;

namespace ParScale.Training.Evaluation;

/// <summary>Held-out tokens as the plain model predicts them and as its streams do.</summary>
/// <param name="Plain">The predictions of the plain model.</param>
/// <param name="Losses">The loss of each token, nats, with so many streams: for all numbers of streams that can rest.</param>
internal sealed record GateTokens(IReadOnlyList<PlainPrediction> Plain, IReadOnlyDictionary<int, double[]> Losses)
{
    private const int RowsPerPass = 16;

    /// <summary>
    /// Measures a model whose stream 0 is a model of its own: an anchored one, or an elastic one that is trained for P' = 1. The latter's first
    /// prefix is hidden from then on: one stream is the plain model, not stream 0 with the prefix that the saved model has.
    /// </summary>
    public static GateTokens Measure(ParScaleLm model, IHeldOut heldOut)
    {
        using var noGradient = no_grad();
        model.eval();
        Dictionary<int, List<double>> losses = StreamGateFile.Counts(model.Config.Streams).ToDictionary(count => count, _ => new List<double>());
        var plain = new List<PlainPrediction>();
        Each((states, targets) =>
        {
            foreach ((int count, List<double> of) in losses) of.AddRange(Losses(model.Logits(model.MixFirst(states, count)), targets));
        });
        if (!model.Config.Streams.Anchored) model.HideFirstPrefix();
        Each((states, targets) =>
        {
            Tensor logits = model.Logits(model.MixFirst(states, 1));
            double[] entropies = TokenFigures.Doubles(TokenFigures.Entropies(logits)), best = TokenFigures.Doubles(TokenFigures.BestTwo(logits));
            plain.AddRange(Losses(logits, targets).Select((loss, i) => new PlainPrediction(loss, entropies[i], best[2 * i], best[2 * i + 1])));
        });
        return new GateTokens(plain, losses.ToDictionary(one => one.Key, one => one.Value.ToArray()));

        double[] Losses(Tensor logits, Tensor targets) => TokenFigures.Doubles(TokenFigures.LogLikelihoods(logits, targets).neg());

        void Each(Action<Tensor, Tensor> take)
        {
            foreach (Batch batch in heldOut.Passes(RowsPerPass))
            {
                using var scope = NewDisposeScope();
                BatchTensors tensors = BatchTensors.Of(batch, model.Device);
                take(tensors.Select(model.States(tensors.Inputs, tensors.Offsets)), tensors.Targets);
            }
        }
    }

    /// <summary>How much lower each token's loss is with so many streams than with the plain model, nats.</summary>
    public double[] Gains(int streams) => [.. Plain.Zip(Losses[streams], (one, every) => one.Loss - every)];
}

/// <summary>What the plain model predicts at a token.</summary>
/// <param name="Loss">-ln p of the token that came, nats.</param>
/// <param name="Entropy">Of the prediction, nats.</param>
/// <param name="Best">The largest probability.</param>
/// <param name="Second">The second largest.</param>
internal readonly record struct PlainPrediction(double Loss, double Entropy, double Best, double Second);
