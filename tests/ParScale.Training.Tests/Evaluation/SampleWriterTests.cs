using ParScale.Text;
using ParScale.Training.Evaluation;
using ParScale.Training.Modules;
using TorchSharp;

namespace ParScale.Training.Tests.Evaluation;

public sealed class SampleWriterTests
{
    [Fact]
    public void The_text_depends_on_the_model_alone_and_training_draws_go_on_as_before()
    {
        using var folder = new TempFolder();
        Tokenizer tokenizer = Tokenizer.Load(Samples.Inputs(folder)[3]);
        using ParScaleLm model = Model(tokenizer, rows: 0);
        model.train();
        var writer = new SampleWriter(tokenizer, new SampleOptions("the king", 12), context: 8);
        torch.random.manual_seed(5);
        float expected = torch.rand(1).item<float>();
        torch.random.manual_seed(5);
        SampleRow first = writer.Write(model, 3);
        Assert.Equal(expected, torch.rand(1).item<float>());
        Assert.Equal(first, writer.Write(model, 3));
        Assert.NotEmpty(first.Text);
        Assert.True(model.training);
    }

    [Fact]
    public void Rows_beyond_the_tokenizer_are_never_chosen_and_the_end_of_text_ends()
    {
        using var folder = new TempFolder();
        Tokenizer tokenizer = Tokenizer.Load(Samples.Inputs(folder)[3]);
        using ParScaleLm padded = Model(tokenizer, rows: 5000);
        var writer = new SampleWriter(tokenizer, new SampleOptions("the", 20), context: 8);
        Assert.NotEmpty(writer.Write(padded, 1).Text);

        using ParScaleLm ends = Model(tokenizer, rows: 0, end: [.. Enumerable.Range(0, tokenizer.VocabularySize)]);
        Assert.Equal("", writer.Write(ends, 1).Text);
    }

    [Fact]
    public void A_model_of_no_numbers_writes_nothing()
    {
        using var folder = new TempFolder();
        Tokenizer tokenizer = Tokenizer.Load(Samples.Inputs(folder)[3]);
        using ParScaleLm model = Model(tokenizer, rows: 0);
        using (torch.no_grad()) model.parameters().First().fill_(double.NaN);
        Assert.Equal("", new SampleWriter(tokenizer, new SampleOptions("the", 20), context: 8).Write(model, 1).Text);
    }

    [Fact]
    public void An_empty_prompt_is_refused()
    {
        using var folder = new TempFolder();
        Tokenizer tokenizer = Tokenizer.Load(Samples.Inputs(folder)[3]);
        Assert.Equal("TR-10", Assert.Throws<ParScaleException>(() => new SampleWriter(tokenizer, new SampleOptions("", 1), 8)).Code);
    }

    private static ParScaleLm Model(Tokenizer tokenizer, int rows, params int[] end) =>
        new(RandomCheckpoint.Config(2, vocabulary: tokenizer.VocabularySize + rows, endOfText: end));
}
