using ParScale.Generation;
using ParScale.Text;
using ParScale.Training.Data.Order;

namespace ParScale.Training.Evaluation;

/// <summary>A text: every token after the first is predicted once, in windows that do not overlap.</summary>
internal sealed class HeldOutText : IHeldOut
{
    private readonly int[] _tokens;
    private readonly int _context;

    /// <summary>Windows of <paramref name="context"/> tokens.</summary>
    /// <exception cref="ParScaleException">The text is too short to predict anything.</exception>
    public HeldOutText(string text, Tokenizer tokenizer, int context)
    {
        _tokens = tokenizer.Encode(text);
        _context = context;
        if (_tokens.Length < 2)
            throw new ParScaleException(ErrorKind.BadInput, "TR-06",
                "the validation text has under two tokens; raise --val-fraction or give more text");
        Characters = CharacterCount.Predicted(tokenizer, _tokens);
        if (Characters >= 1) return;
        throw new ParScaleException(ErrorKind.BadInput, "TR-06",
            "the validation text is a single character; raise --val-fraction or give more text");
    }

    public long Tokens => _tokens.Length - 1;

    public long Characters { get; }

    public IEnumerable<Batch> Passes(int rows)
    {
        int fullRows = (_tokens.Length - 1) / _context;
        for (int row = 0; row < fullRows; row += rows) yield return Windows(row * _context, Math.Min(rows, fullRows - row), _context);
        int rest = _tokens.Length - 1 - fullRows * _context;
        if (rest > 0) yield return Windows(fullRows * _context, 1, rest);
    }

    private Batch Windows(int start, int rows, int length)
    {
        var batch = new Batch(rows, length, packed: false);
        for (int i = 0; i < rows * length; i++) (batch.Inputs[i], batch.Targets[i]) = (_tokens[start + i], _tokens[start + i + 1]);
        return batch;
    }
}
