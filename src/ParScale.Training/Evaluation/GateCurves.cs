using System.Text.Json;

namespace ParScale.Training.Evaluation;

/// <summary>
/// The loss of a model whose other streams run at a share of the tokens only, by four ways to choose those: the entropy of the plain model's
/// prediction, a learned router, chance, and an oracle that knows the gain of each token. Losses are in nats per token.
/// </summary>
/// <param name="Streams">P.</param>
/// <param name="Tokens">Tokens predicted.</param>
/// <param name="RouterGain">How much lower the router's loss is than that of the entropy gate.</param>
/// <param name="Points">From the plain model alone to all streams everywhere.</param>
internal sealed record GateCurves(int Streams, long Tokens, GateGain RouterGain, IReadOnlyList<GatePoint> Points)
{
    private const int Steps = 20;
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public string ToJson() => JsonSerializer.Serialize(this, Format);

    /// <summary>The curves of so many streams over measured tokens.</summary>
    public static GateCurves Of(int streams, GateTokens measured)
    {
        IReadOnlyList<PlainPrediction> plain = measured.Plain;
        int tokens = plain.Count;
        double[] gains = measured.Gains(streams);
        double[] sorted = [.. plain.Select(one => one.Entropy).OrderDescending()], expected = GateRouter.ExpectedGains(plain, gains);
        // The tokens in the order in which a gate opens for them. Of equal ones the earlier first: sorting is stable.
        int[] Order(Func<int, double> score) => [.. Enumerable.Range(0, tokens).OrderByDescending(score)];
        int[] byEntropy = Order(i => plain[i].Entropy), byRouter = Order(i => expected[i]), byGain = Order(i => gains[i]);
        (double before, double gain) = (plain.Average(one => one.Loss), gains.Average());
        int[] open = [.. Enumerable.Range(0, Steps + 1).Select(step => (int)((long)tokens * step / Steps))];
        double Loss(int[] order, int count) => before - order.Take(count).Sum(i => gains[i]) / tokens;
        return new GateCurves(streams, tokens, GateGain.Of(Difference(byRouter, byEntropy, gains, open[1..^1])),
        [
            .. open.Select(count =>
            {
                double share = (double)count / tokens;
                return new GatePoint(share, 1 + share * (streams - 1), count == 0 ? null : sorted[count - 1],
                    Loss(byEntropy, count), Loss(byRouter, count), before - share * gain, Loss(byGain, count));
            }),
        ]);
    }

    // What each token contributes to how much lower the loss of a gate is than another's, the mean over the rates.
    private static double[] Difference(int[] order, int[] other, double[] gains, int[] rates)
    {
        var difference = new double[gains.Length];
        for (int place = 0; place < order.Length; place++)
        {
            double share = (double)rates.Count(count => place < count) / rates.Length;
            difference[order[place]] += share * gains[order[place]];
            difference[other[place]] -= share * gains[other[place]];
        }
        return difference;
    }
}

/// <summary>One rate of four gates.</summary>
/// <param name="Share">Share of the tokens at which all streams run.</param>
/// <param name="MeanStreams">Mean streams per token, 1 + share (P - 1).</param>
/// <param name="Threshold">The least entropy, in nats, at which the entropy gate is open; null when it never is.</param>
/// <param name="Entropy">The loss with the tokens of the highest entropy chosen.</param>
/// <param name="Router">The loss with the tokens of the highest expected gain chosen.</param>
/// <param name="Random">The mean loss over all choices of so many tokens.</param>
/// <param name="Oracle">The loss with the tokens of the highest gain chosen.</param>
internal sealed record GatePoint(double Share, double MeanStreams, double? Threshold, double Entropy, double Router, double Random, double Oracle);
