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
    private readonly double _irreducible;

    /// <summary>Windows of <paramref name="context"/> tokens; <paramref name="irreducible"/> is E of the scaling law, for rho.</summary>
    public Validation(string text, Tokenizer tokenizer, int context, double irreducible = 0)
    {
        _irreducible = irreducible;
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
        StreamWatch? watch = model.Config.Streams > 1 ? new StreamWatch(model.Config.Streams) : null;
        for (int row = 0; row < fullRows && !stop.IsCancellationRequested; row += RowsPerPass)
            total += Sum(model, watch, row * _context, Math.Min(RowsPerPass, fullRows - row), _context);
        int rest = predicted - fullRows * _context;
        if (rest > 0 && !stop.IsCancellationRequested) total += Sum(model, watch, fullRows * _context, 1, rest);
        model.train(wasTraining);
        if (stop.IsCancellationRequested) return null;
        return new ValidationLoss(total / predicted, total / _predictedCharacters, watch?.Report(_irreducible));
    }

    private double Sum(ParScaleLm model, StreamWatch? watch, int start, int rows, int length)
    {
        using var scope = NewDisposeScope();
        long[] ids = [.. _tokens.Skip(start).Take(rows * length + 1).Select(id => (long)id)];
        Tensor all = tensor(ids);
        Tensor states = model.States(all.narrow(0, 0, rows * length).view(rows, length));
        Tensor targets = all.narrow(0, 1, rows * length);
        watch?.Add(model, states, targets);
        Tensor logits = model.Logits(model.Mix(states)).to(ScalarType.Float32);
        return nn.functional.cross_entropy(logits.flatten(0, 1), targets, reduction: nn.Reduction.Sum).item<float>();
    }
}
