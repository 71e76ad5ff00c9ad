using ParScale.Generation;
using ParScale.Text;
using ParScale.Training.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Runs;

/// <summary>The loss over a whole text: every token after the first is predicted once, in windows that do not overlap.</summary>
internal sealed class Validation
{
    private const int RowsPerPass = 16;
    private readonly int[] _tokens;
    private readonly int _context;
    private readonly long _predictedCharacters;

    public Validation(string text, Tokenizer tokenizer, int context)
    {
        _tokens = tokenizer.Encode(text);
        _context = context;
        if (_tokens.Length < 2)
            throw new ParScaleException(ErrorKind.BadInput, "TR-06",
                "the validation text has under two tokens; raise --val-fraction or give more text");
        _predictedCharacters = CharacterCount.Predicted(tokenizer, _tokens);
        if (_predictedCharacters >= 1) return;
        throw new ParScaleException(ErrorKind.BadInput, "TR-06",
            "the validation text is a single character; raise --val-fraction or give more text");
    }

    /// <summary>The mean negative log-likelihood, in nats; null when <paramref name="stop"/> came before the end.</summary>
    public ValidationLoss? Measure(ParScaleLm model, CancellationToken stop)
    {
        using var noGradient = no_grad();
        bool wasTraining = model.training;
        model.eval();
        int predicted = _tokens.Length - 1;
        int fullRows = predicted / _context;
        double total = 0;
        for (int row = 0; row < fullRows && !stop.IsCancellationRequested; row += RowsPerPass)
            total += Sum(model, row * _context, Math.Min(RowsPerPass, fullRows - row), _context);
        int rest = predicted - fullRows * _context;
        if (rest > 0 && !stop.IsCancellationRequested) total += Sum(model, fullRows * _context, 1, rest);
        model.train(wasTraining);
        return stop.IsCancellationRequested ? null : new ValidationLoss(total / predicted, total / _predictedCharacters);
    }

    private double Sum(ParScaleLm model, int start, int rows, int length)
    {
        using var scope = NewDisposeScope();
        long[] ids = [.. _tokens.Skip(start).Take(rows * length + 1).Select(id => (long)id)];
        Tensor all = tensor(ids);
        Tensor logits = model.forward(all.narrow(0, 0, rows * length).view(rows, length)).to(ScalarType.Float32);
        Tensor targets = all.narrow(0, 1, rows * length);
        return nn.functional.cross_entropy(logits.flatten(0, 1), targets, reduction: nn.Reduction.Sum).item<float>();
    }
}
