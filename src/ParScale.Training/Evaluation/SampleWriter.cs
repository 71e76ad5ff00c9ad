using System.Text;
using ParScale.Generation;
using ParScale.Text;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Evaluation;

/// <summary>Lets a model that is being trained go on from a prompt, so that one can read how far it is.</summary>
internal sealed class SampleWriter
{
    private const int Seed = 1;
    private readonly Tokenizer _tokenizer;
    private readonly SampleOptions _options;
    private readonly int[] _prompt;
    private readonly int _context;

    /// <summary>The model reads the last <paramref name="context"/> tokens at most, as many as it is trained on.</summary>
    /// <exception cref="ParScaleException">The prompt has no token.</exception>
    public SampleWriter(Tokenizer tokenizer, SampleOptions options, int context)
    {
        (_tokenizer, _options, _context) = (tokenizer, options, context);
        _prompt = tokenizer.Encode(options.Prompt, addSpecial: true);
        if (_prompt.Length == 0) throw ParScaleException.Usage("TR-10", "--sample-prompt must hold some text");
    }

    /// <summary>
    /// The same draws every time, so that texts of several steps differ by the model alone. Nothing is drawn from torch's generator: a
    /// run that writes samples trains as one that does not.
    /// </summary>
    public SampleRow Write(ParScaleLm model, long step)
    {
        using var noGradient = no_grad();
        bool wasTraining = model.training;
        model.eval();
        var sampler = new Sampler(new SamplingOptions { Seed = Seed }, _tokenizer.VocabularySize);
        TextStream stream = _tokenizer.CreateStream(continues: true);
        var text = new StringBuilder();
        List<long> tokens = [.. _prompt.Select(id => (long)id)];
        for (int i = 0; i < _options.Tokens; i++)
        {
            if (Next(model, tokens, sampler) is not { } next || model.Config.Model.EndOfTextIds.Contains(next)) break;
            tokens.Add(next);
            text.Append(stream.Append(next));
        }
        model.train(wasTraining);
        return new SampleRow(step, _options.Prompt, text.Append(stream.Flush()).ToString());
    }

    /// <summary>Null when the model gives numbers that choose nothing.</summary>
    private int? Next(ParScaleLm model, List<long> tokens, Sampler sampler)
    {
        using var scope = NewDisposeScope();
        long[] window = [.. tokens.TakeLast(_context)];
        Tensor input = tensor(window).unsqueeze(0).to(model.parameters().First().device);
        // A model may have more rows than the tokenizer has tokens; those stand for nothing.
        Tensor logits = model.forward(input)[0, -1].narrow(0, 0, _tokenizer.VocabularySize).to(ScalarType.Float32).cpu();
        return logits.isfinite().all().item<bool>() ? sampler.Next([.. logits.data<float>()]) : null;
    }
}

/// <summary>The prompt that the model continues at every evaluation, by at most <paramref name="Tokens"/> tokens.</summary>
internal sealed record SampleOptions(string Prompt, int Tokens);

/// <summary>What the model wrote after <paramref name="Prompt"/> when it had made <paramref name="Step"/> steps.</summary>
internal sealed record SampleRow(long Step, string Prompt, string Text);
