using System.Diagnostics;
using System.Globalization;
using System.Text;
using ParScale.Generation;

namespace ParScale.Cli.Commands;

/// <summary>Follows one generation: shows the pieces as they come and keeps what the result needs, also when it is cancelled.</summary>
/// <param name="promptTokens">Length of the prompt.</param>
/// <param name="show">Shows pieces as they come; null when only the result is wanted.</param>
/// <param name="showThinking">Shows what the model thinks before it answers a conversation.</param>
internal sealed class GenerationRun(int promptTokens, Action<string>? show, Action<string>? showThinking = null)
{
    private readonly StringBuilder _text = new(), _thinking = new();
    private readonly List<int> _ids = [];
    private readonly List<PredictedToken> _predictions = [];
    private double[] _streamWeights = [];
    private int _weighed;
    private char _lastShown;
    private TimeSpan _prefill;
    private TimeSpan _decode;
    private int _decodeSteps;

    public int PromptTokens { get; private set; } = promptTokens;

    public string Text => _text.ToString();

    /// <summary>What the model thought before it answered; null when it did not.</summary>
    public string? Thinking => _thinking.Length == 0 ? null : _thinking.ToString();

    public IReadOnlyList<int> Ids => _ids;

    /// <summary>Log-probabilities of the new tokens; empty when nobody asked for them.</summary>
    public IReadOnlyList<PredictedToken> Predictions => _predictions;

    /// <summary>Tokens of the prompt that were taken from an earlier sequence.</summary>
    public int CachedTokens { get; private set; }

    /// <summary>The mean weight of each stream over the new tokens that have weights, [P]; empty when none has.</summary>
    public float[] MeanStreamWeights => [.. _streamWeights.Select(sum => (float)(sum / _weighed))];

    /// <summary>P; null until the end.</summary>
    public int? Streams { get; private set; }

    /// <summary>Streams that ran for a new token, the mean of all; null without a gate and until the end.</summary>
    public double? MeanStreams { get; private set; }

    /// <summary>Tokens that the streams of an elastic model caught up on, 0 of an anchored one; null without a gate and until the end.</summary>
    public int? CatchUpTokens { get; private set; }

    /// <summary>By what a gate decided, <c>router</c> or <c>entropy</c>; null without a gate and until the end.</summary>
    public string? StreamGate { get; private set; }

    /// <summary>All three in words, to stand behind P.</summary>
    public string MeanText => MeanWords(MeanStreams, StreamGate, CatchUpTokens);

    /// <summary>Streams per new token, what decided and tokens that were caught up on in words, to stand behind P; empty without a gate.</summary>
    public static string MeanWords(double? mean, string? gate, int? caughtUp) => mean is null ? ""
        : string.Create(CultureInfo.InvariantCulture, $" (mean {mean:F2}{(gate is null ? "" : $" by {gate}")}{(caughtUp > 0 ? $", caught up on {caughtUp} tokens" : "")})");

    public bool Cancelled { get; private set; }

    public string FinishReason { get; private set; } = "cancelled";

    public double PrefillMs => _prefill.TotalMilliseconds;

    public double DecodeMsPerToken => _decodeSteps == 0 ? 0 : _decode.TotalMilliseconds / _decodeSteps;

    public double TokensPerSecond => DecodeMsPerToken == 0 ? 0 : 1000 / DecodeMsPerToken;

    /// <summary>Shows the prompt.</summary>
    public void Echo(string prompt) => Show(prompt);

    /// <summary>Takes every piece until the end or until the run is cancelled.</summary>
    public void Follow(IAsyncEnumerable<GeneratedPiece> pieces)
    {
        try
        {
            FollowAsync(pieces).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            Cancelled = true;
        }
    }

    /// <summary>Ends the last line, so that the shell's prompt starts on its own.</summary>
    public void EndLine()
    {
        if (_lastShown != '\n') Show("\n");
    }

    private async Task FollowAsync(IAsyncEnumerable<GeneratedPiece> pieces)
    {
        var clock = Stopwatch.StartNew();
        await foreach (GeneratedPiece piece in pieces.ConfigureAwait(false))
        {
            if (piece.TokenId is { } id) Count(id, clock.Elapsed);
            if (piece.Prediction is { } prediction) _predictions.Add(prediction);
            if (piece.StreamWeights is { } weights) Add(weights);
            if (piece.Thinking is { } thinking)
            {
                _thinking.Append(thinking);
                showThinking?.Invoke(thinking);
            }
            _text.Append(piece.Text);
            Show(piece.Text);
            if (piece.FinishReason is { } reason) FinishReason = reason == Generation.FinishReason.Length ? "length" : "stop";
            if (piece.Statistics is { } exact)
            {
                (PromptTokens, _prefill, _decode, _decodeSteps) = (exact.PromptTokens, exact.Prefill, exact.Decode, exact.DecodeSteps);
                (CachedTokens, Streams) = (exact.CachedTokens, exact.Streams);
                if (exact.GateScore is { } score) (MeanStreams, StreamGate, CatchUpTokens) = (exact.MeanStreams, score.ToString().ToLowerInvariant(), exact.CatchUpTokens);
            }
        }
    }

    // Our own clock stands in until the engine's figures arrive with the last piece; a cancelled run has only these.
    private void Count(int id, TimeSpan now)
    {
        if (_ids.Count == 0) _prefill = now;
        else _decodeSteps++;
        _decode = now - _prefill;
        _ids.Add(id);
    }

    private void Add(float[] weights)
    {
        _weighed++;
        if (_streamWeights.Length == 0) _streamWeights = new double[weights.Length];
        for (int stream = 0; stream < weights.Length; stream++) _streamWeights[stream] += weights[stream];
    }

    private void Show(string text)
    {
        if (show is null || text.Length == 0) return;
        show(text);
        _lastShown = text[^1];
    }
}
