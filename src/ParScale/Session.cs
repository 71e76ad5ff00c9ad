using System.Numerics.Tensors;
using ParScale.Model;

namespace ParScale;

/// <summary>Receives the logits [V] that follow the token at <paramref name="position"/>; valid during the call only.</summary>
public delegate void LogitsVisitor(int position, ReadOnlySpan<float> logits);

/// <summary>
/// One sequence: its cache of keys and values, and the scratch memory to extend it. Not for use by two threads at once;
/// any number of sessions may share a model.
/// </summary>
public sealed class Session : IDisposable
{
    private readonly LanguageModel _model;
    private readonly ForwardPass _forward;
    private readonly KvCache _cache;
    private bool _disposed;

    internal Session(LanguageModel model, ForwardPass forward, KvCache cache)
    {
        _model = model;
        _forward = forward;
        _cache = cache;
    }

    /// <summary>Tokens in the sequence so far.</summary>
    public int Position => _cache.Position;

    /// <summary>Tokens the sequence has room for.</summary>
    public int Capacity => _cache.Capacity;

    /// <summary>Forgets all tokens and keeps the memory.</summary>
    public void Reset() => _cache.Rewind(0);

    /// <summary>Extends the sequence by one or more tokens.</summary>
    /// <returns>The logits [V] after the last token; overwritten by the next call.</returns>
    /// <exception cref="ParScaleException">A token is not in the vocabulary, the sequence is full, or a value is not finite. Nothing was appended.</exception>
    public ReadOnlySpan<float> Append(ReadOnlySpan<int> tokens, CancellationToken cancellationToken = default)
    {
        Check(tokens);
        int before = Position;
        try
        {
            ReadOnlySpan<float> mixed = default;
            for (int start = 0; start < tokens.Length; start += _forward.MostTokens)
            {
                cancellationToken.ThrowIfCancellationRequested();
                mixed = _forward.Run(tokens.Slice(start, Math.Min(_forward.MostTokens, tokens.Length - start)), _cache);
            }
            return Logits(mixed[^_model.Config.HiddenSize..]);
        }
        catch
        {
            _cache.Rewind(before);
            throw;
        }
    }

    /// <summary>Extends the sequence and shows the logits after every token, in order.</summary>
    /// <exception cref="ParScaleException">A token is not in the vocabulary, the sequence is full, or a value is not finite. Nothing was appended.</exception>
    public void Append(ReadOnlySpan<int> tokens, LogitsVisitor visit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(visit);
        Check(tokens);
        int before = Position;
        try
        {
            for (int start = 0; start < tokens.Length; start += _forward.MostTokens)
            {
                int first = Position;
                ReadOnlySpan<float> mixed = _forward.Run(tokens.Slice(start, Math.Min(_forward.MostTokens, tokens.Length - start)), _cache);
                Show(first, mixed, visit, cancellationToken);
            }
        }
        catch
        {
            _cache.Rewind(before);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _cache.Dispose();
        _forward.Dispose();
        _model.Release();
    }

    internal static ParScaleException ContextFull(ModelConfig config, long tokens) =>
        ParScaleException.Usage("GE-03", $"{tokens} tokens do not fit: the model's context is {config.MaxPositions} tokens; shorten the text");

    internal static ParScaleException NoTokens() => ParScaleException.Usage("GE-04", "no tokens to run; give at least one");

    private void Show(int position, ReadOnlySpan<float> mixed, LogitsVisitor visit, CancellationToken cancellationToken)
    {
        int hidden = _model.Config.HiddenSize, vocabulary = _model.Config.VocabularySize, count = mixed.Length / hidden;
        for (int start = 0; start < count; start += ForwardPass.MostLogits)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int rows = Math.Min(ForwardPass.MostLogits, count - start);
            ReadOnlySpan<float> logits = Logits(mixed.Slice(start * hidden, rows * hidden));
            for (int row = 0; row < rows; row++) visit(position + start + row, logits.Slice(row * vocabulary, vocabulary));
        }
    }

    private ReadOnlySpan<float> Logits(ReadOnlySpan<float> mixed)
    {
        ReadOnlySpan<float> logits = _forward.Logits(mixed);
        return TensorPrimitives.IsFiniteAll(logits) ? logits : throw _model.NotFinite();
    }

    private void Check(ReadOnlySpan<int> tokens)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (tokens.IsEmpty) throw NoTokens();
        foreach (int token in tokens) _model.CheckToken(token);
        if (tokens.Length > Capacity - Position)
            throw ParScaleException.Usage("GE-03", $"{tokens.Length} tokens do not fit: this session has room for {Capacity - Position} more");
    }
}
