using System.Text.Json;
using ParScale.Training.Data.Order;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using static TorchSharp.torch;

namespace ParScale.Training.Evaluation;

/// <summary>
/// The loss of a model whose other streams run at a share of the tokens only, by three ways to choose those: the entropy of stream 0's
/// prediction, chance, and an oracle that knows the gain of each token. Losses are in nats per token.
/// </summary>
/// <param name="Streams">P.</param>
/// <param name="Tokens">Tokens predicted.</param>
/// <param name="Points">From stream 0 alone to all streams everywhere.</param>
internal sealed record GateCurves(int Streams, long Tokens, IReadOnlyList<GatePoint> Points)
{
    private const int Steps = 20;
    private const int RowsPerPass = 16;
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public string ToJson() => JsonSerializer.Serialize(this, Format);

    /// <summary>Measures a model whose stream 0 is a model of its own: an anchored one, or an elastic one that is trained for P' = 1.</summary>
    public static GateCurves Measure(ParScaleLm model, IHeldOut heldOut)
    {
        using var noGradient = no_grad();
        model.eval();
        List<double> alone = [], all = [], entropies = [];
        foreach (Batch batch in heldOut.Passes(RowsPerPass))
        {
            using var scope = NewDisposeScope();
            BatchTensors tensors = BatchTensors.Of(batch, model.Device);
            Tensor states = tensors.Select(model.States(tensors.Inputs, tensors.Offsets));
            Tensor first = model.Logits(model.MixFirst(states, 1));
            alone.AddRange(TokenFigures.Doubles(TokenFigures.LogLikelihoods(first, tensors.Targets).neg()));
            entropies.AddRange(TokenFigures.Doubles(TokenFigures.Entropies(first)));
            all.AddRange(TokenFigures.Doubles(TokenFigures.LogLikelihoods(model.Logits(model.Mix(states)), tensors.Targets).neg()));
        }
        return Of(model.Config.Streams.Count, [.. alone], [.. all], [.. entropies]);
    }

    /// <summary>The same of measured tokens: the loss of stream 0 alone, that of all streams, and the entropy of stream 0's prediction.</summary>
    internal static GateCurves Of(int streams, double[] alone, double[] all, double[] entropies)
    {
        int tokens = alone.Length;
        double[] gains = [.. alone.Zip(all, (one, every) => one - every)];
        // Of equal ones the earlier token first: sorting is stable.
        double[] byEntropy = [.. Enumerable.Range(0, tokens).OrderByDescending(i => entropies[i]).Select(i => gains[i])];
        double[] sorted = [.. entropies.OrderDescending()], byGain = [.. gains.OrderDescending()];
        (double before, double gain) = (alone.Average(), gains.Average());
        return new GateCurves(streams, tokens,
        [
            .. Enumerable.Range(0, Steps + 1).Select(step =>
            {
                int open = (int)((long)tokens * step / Steps);
                double share = (double)open / tokens;
                return new GatePoint(
                    share, 1 + share * (streams - 1), open == 0 ? null : sorted[open - 1], before - byEntropy.Take(open).Sum() / tokens, before - share * gain,
                    before - byGain.Take(open).Sum() / tokens);
            }),
        ]);
    }
}

/// <summary>One rate of three gates.</summary>
/// <param name="Share">Share of the tokens at which all streams run.</param>
/// <param name="MeanStreams">Mean streams per token, 1 + share (P - 1).</param>
/// <param name="Threshold">The least entropy, in nats, at which the entropy gate is open; null when it never is.</param>
/// <param name="Entropy">The loss with the tokens of the highest entropy chosen.</param>
/// <param name="Random">The mean loss over all choices of so many tokens.</param>
/// <param name="Oracle">The loss with the tokens of the highest gain chosen.</param>
internal sealed record GatePoint(double Share, double MeanStreams, double? Threshold, double Entropy, double Random, double Oracle);
