using ParScale.Text;
using ParScale.Training.Data;
using ParScale.Training.Evaluation;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Evaluation;

public sealed class CeilingTests
{
    [Fact]
    public void Equals_the_mean_of_probabilities_over_all_choices_of_models()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var folder = new TempFolder();
        TokenizerWriter.Write(folder.File("t"), BpeTrainer.Train(Samples.Text(500), 10));
        Tokenizer tokenizer = Tokenizer.Load(folder.File("t"));
        string text = Samples.Text(20, seed: 2);
        ParScaleLm[] models = [.. Enumerable.Range(1, 3).Select(seed => Random(new ParScaleLm(RandomCheckpoint.Config(1, vocabulary: tokenizer.VocabularySize), seed)))];

        Ceiling ceiling = Ceiling.Measure(models, new HeldOutText(text, tokenizer, context: 1000), irreducible: 0.5);

        int[] ids = tokenizer.Encode(text);
        Tensor input = tensor(ids.SkipLast(1).Select(id => (long)id).ToArray()).unsqueeze(0);
        double[][] p = [.. models.Select(model =>
        {
            Tensor all = model.forward(input)[0].to(ScalarType.Float64).softmax(-1);
            return Enumerable.Range(0, ids.Length - 1).Select(i => all[i, ids[i + 1]].item<double>()).ToArray();
        })];
        double Loss(params int[] chosen) => -Enumerable.Range(0, ids.Length - 1).Average(i => Math.Log(chosen.Average(k => p[k][i])));
        double one = (Loss(0) + Loss(1) + Loss(2)) / 3, two = (Loss(0, 1) + Loss(0, 2) + Loss(1, 2)) / 3, three = Loss(0, 1, 2);
        Assert.Equal(ids.Length - 1, ceiling.Tokens);
        Assert.Equal(Loss(1), ceiling.Losses[1], 1e-5);
        Assert.Equal(one, ceiling.AverageLosses[0], 1e-5);
        Assert.Equal(two, ceiling.AverageLosses[1], 1e-5);
        Assert.Equal(three, ceiling.AverageLosses[2], 1e-5);
        Assert.Equal(one - three, ceiling.Gain, 1e-5);
        Assert.Equal(1 - (one - three) / (one - 0.5) * 3 / 2, ceiling.Rho!.Value, 1e-5);
        Assert.True(ceiling.Gain > 0.01);
    }

    private static ParScaleLm Random(ParScaleLm model)
    {
        foreach (var parameter in model.parameters()) parameter.normal_(0, 0.3);
        return model;
    }
}
