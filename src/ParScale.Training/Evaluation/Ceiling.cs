using System.Numerics;
using System.Text.Json;
using ParScale.Training.Data.Order;
using ParScale.Training.Modules;
using ParScale.Training.Optimization;
using static TorchSharp.torch;

namespace ParScale.Training.Evaluation;

/// <summary>
/// What models that were trained independently reach together, by the plain mean of their probabilities: what streams could gain if they
/// were as different as those. Losses are in nats per token.
/// </summary>
/// <param name="Losses">The loss of each model alone.</param>
/// <param name="AverageLosses">The loss of the mean of 1, 2, ... models: the mean over all choices of so many.</param>
/// <param name="Rho">The correlation of the models' relative residuals.</param>
/// <param name="Gain">The mean loss of one model less the loss of all together.</param>
/// <param name="Tokens">Tokens predicted.</param>
internal sealed record Ceiling(IReadOnlyList<double> Losses, IReadOnlyList<double> AverageLosses, double? Rho, double Gain, long Tokens)
{
    /// <summary>Models are chosen in 2^K ways.</summary>
    public const int MostModels = 8;

    private const int RowsPerPass = 16;
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public string ToJson() => JsonSerializer.Serialize(this, Format);

    /// <summary>Measures two or more models; <paramref name="irreducible"/> is E of the scaling law, for rho.</summary>
    public static Ceiling Measure(IReadOnlyList<ParScaleLm> models, IHeldOut heldOut, double irreducible = 0)
    {
        using var noGradient = no_grad();
        foreach (ParScaleLm model in models) model.eval();
        // By the set of models, bit k for model k.
        double[] sums = new double[1 << models.Count];
        foreach (Batch batch in heldOut.Passes(RowsPerPass)) Add(sums, models, batch);
        double[] means = [.. Enumerable.Range(1, models.Count).Select(size =>
            sums.Where((_, set) => BitOperations.PopCount((uint)set) == size).Average() / heldOut.Tokens)];
        double[] losses = [.. models.Select((_, k) => sums[1 << k] / heldOut.Tokens)];
        return new Ceiling(losses, means, StreamMetrics.Rho(means[0], means[^1], models.Count, irreducible), means[0] - means[^1], heldOut.Tokens);
    }

    private static void Add(double[] sums, IReadOnlyList<ParScaleLm> models, Batch batch)
    {
        using var scope = NewDisposeScope();
        double[][] probabilities = [.. models.Select(model =>
        {
            BatchTensors tensors = BatchTensors.Of(batch, model.Device);
            Tensor mixed = model.Mix(tensors.Select(model.States(tensors.Inputs, tensors.Offsets)));
            return TokenFigures.Doubles(TokenFigures.LogLikelihoods(model.Logits(mixed), tensors.Targets).to(ScalarType.Float64).exp());
        })];
        for (int set = 1; set < sums.Length; set++)
        {
            int[] chosen = [.. Enumerable.Range(0, models.Count).Where(k => (set >> k & 1) != 0)];
            for (int i = 0; i < probabilities[0].Length; i++) sums[set] -= Math.Log(chosen.Average(k => probabilities[k][i]));
        }
    }
}
