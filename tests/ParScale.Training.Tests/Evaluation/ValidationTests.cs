using ParScale.Text;
using ParScale.Training.Data;
using ParScale.Training.Evaluation;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Tests.Evaluation;

public sealed class ValidationTests
{
    [Fact]
    public void Equals_the_loss_of_each_window_summed_by_hand()
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var folder = new TempFolder();
        TokenizerWriter.Write(folder.File("t"), BpeTrainer.Train(Samples.Text(500), 70 - 60));
        Tokenizer tokenizer = Tokenizer.Load(folder.File("t"));
        string text = Samples.Text(90, seed: 2) + "\U0001F600\U0001F600";
        using ParScaleLm model = Float64.Model(RandomCheckpoint.Config(2, vocabulary: tokenizer.VocabularySize));

        ValidationLoss loss = new Validation(new HeldOutText(text, tokenizer, context: 10)).Measure(model, TestContext.Current.CancellationToken)!;

        int[] ids = tokenizer.Encode(text);
        double total = 0;
        for (int start = 0; start < ids.Length - 1; start += 10)
        {
            int length = Math.Min(10, ids.Length - 1 - start);
            Tensor logits = model.forward(tensor(ids.Skip(start).Take(length).Select(i => (long)i).ToArray()).unsqueeze(0))[0];
            Tensor logProbabilities = logits.log_softmax(-1);
            for (int i = 0; i < length; i++) total -= logProbabilities[i, ids[start + i + 1]].item<double>();
        }
        Assert.Equal(total / (ids.Length - 1), loss.PerToken, 1e-12);
        int characters = text.EnumerateRunes().Count() - tokenizer.Decode(ids.AsSpan(0, 1)).EnumerateRunes().Count();
        Assert.Equal(total / characters, loss.PerCharacter, 1e-12);
    }

    [Fact]
    public void A_signal_ends_it_without_a_result()
    {
        using var folder = new TempFolder();
        TokenizerWriter.Write(folder.File("t"), BpeTrainer.Train(Samples.Text(500), 10));
        Tokenizer tokenizer = Tokenizer.Load(folder.File("t"));
        using var model = new ParScaleLm(RandomCheckpoint.Config(1, vocabulary: tokenizer.VocabularySize));
        model.train();
        Assert.Null(new Validation(new HeldOutText(Samples.Text(50), tokenizer, context: 10)).Measure(model, new CancellationToken(canceled: true)));
        Assert.True(model.training);
    }

    [Fact]
    public void A_text_of_one_character_is_refused()
    {
        using var folder = new TempFolder();
        TokenizerWriter.Write(folder.File("t"), BpeTrainer.Train("abc", 0));
        Tokenizer tokenizer = Tokenizer.Load(folder.File("t"));
        Assert.Equal("TR-06", Assert.Throws<ParScaleException>(() => new HeldOutText("\u00E9", tokenizer, 10)).Code);
    }
}
