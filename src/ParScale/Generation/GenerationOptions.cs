using ParScale.Generation.Constraints;
using ParScale.Text.Chat;

namespace ParScale.Generation;

/// <summary>What to generate and when to stop.</summary>
public sealed record GenerationOptions
{
    /// <summary>
    /// Most tokens to add. At least 1; one that is set and that the key-value memory has no room for is refused. Where it is not set it is 64, or
    /// what <c>generation_config.json</c> says (<see cref="LanguageModel.DefaultOptions"/>), at least <see cref="MinNewTokens"/>, and fewer where
    /// there is no room for so many.
    /// </summary>
    public int MaxNewTokens { get => NamedMost ?? Math.Max(ImpliedMost, MinNewTokens); init => NamedMost = value; }

    /// <summary>Which of the model's resident stream sets runs, by P or by name. Null takes the model's own.</summary>
    public StreamChoice? Streams { get; init; }

    /// <summary>Runs the plain model alone where it is closed: of an anchored model, or of an elastic one. Null runs all streams for every token.</summary>
    public StreamGate? Gate { get; init; }

    /// <summary>How each token is chosen.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Texts that end the generation; they are not part of the result.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Tokens that end the generation beside the model's own end-of-text tokens, also when those are ignored.</summary>
    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

    /// <summary>Goes on after the model's own end-of-text tokens.</summary>
    public bool IgnoreEndOfText { get; init; }

    /// <summary>The <see cref="MaxNewTokens"/> that somebody asked for; null when nobody did.</summary>
    internal int? NamedMost { get; init; }

    /// <summary>The <see cref="MaxNewTokens"/> where nobody asked for one, as far as there is room.</summary>
    internal int ImpliedMost { get; init; } = 64;

    /// <summary>
    /// Whether a limit that nobody asked for leaves room to others: it takes keys and values of a quarter of the budget, or of 1,024 tokens after the
    /// prompt where these are more and fit.
    /// </summary>
    internal bool LeavesRoom { get; init; }

    /// <summary>Chooses no token that ends the text, and looks for no stop text, before this many new tokens. 0 or more, at most a <see cref="MaxNewTokens"/> that is set.</summary>
    public int MinNewTokens { get; init; }

    /// <summary>The form that the text must have, such as JSON of a schema. Null leaves it free.</summary>
    public OutputConstraint? Constraint { get; init; }

    /// <summary>The tools that an answer to a conversation may call. Null leaves calls in the text.</summary>
    public OfferedTools? Tools { get; init; }

    /// <summary>
    /// Leaves what a model thinks before it answers a conversation in <see cref="GeneratedPiece.Text"/>, with its marks. Off, it comes apart,
    /// in <see cref="GeneratedPiece.Thinking"/>.
    /// </summary>
    public bool ThinkingInText { get; init; }

    /// <summary>
    /// Whose earlier sequences this one may begin with: only those of the same scope. Keeps apart callers who must not learn of each
    /// other's prompts by how fast theirs are read. Null begins with no earlier sequence, and keeps none for later ones.
    /// </summary>
    public string? ReuseScope { get; init; } = "";

    /// <summary>
    /// Goes on when the model's context is full, with the latter half of the text as the new context. Off, the text ends
    /// there with <see cref="FinishReason.Length"/>.
    /// </summary>
    public bool ContextShift { get; init; }

    /// <summary>Reads special tokens written in the prompt as such. Off, so that text from others cannot forge them.</summary>
    public bool ParseSpecial { get; init; }

    /// <summary>
    /// Gives with each new token its log-probability and those of so many of the likeliest tokens, 0 to 100. Null gives none.
    /// </summary>
    public int? TopLogProbs { get; init; }

    /// <summary>Gives the same for the tokens of the prompt, which are then all run and not taken from an earlier sequence.</summary>
    public bool PromptLogProbs { get; init; }

    /// <summary>Gives with each new token how much each stream contributed to it (<see cref="GeneratedPiece.StreamWeights"/>).</summary>
    public bool StreamWeights { get; init; }

    /// <summary>Control tokens that are shown as text; a constraint may name them by their places here.</summary>
    internal IReadOnlyList<int> ShownTokens { get; init; } = [];

    /// <summary>How thinking is told from the answer; null where the text is one.</summary>
    internal ThinkingSplit? Thinking { get; init; }

    /// <summary>Checks every range.</summary>
    /// <exception cref="ParScaleException">A value is outside its range; the message names it.</exception>
    public void Validate()
    {
        if (MaxNewTokens < 1) throw ParScaleException.Usage("GE-01", $"the number of new tokens is {MaxNewTokens}; it must be at least 1");
        if (MinNewTokens < 0 || MinNewTokens > MaxNewTokens)
            throw ParScaleException.Usage("GE-01", $"the least number of new tokens is {MinNewTokens}; it must be 0 to {MaxNewTokens}, the most");
        if (Stop.Any(string.IsNullOrEmpty)) throw ParScaleException.Usage("GE-02", "a stop text is empty; leave it out");
        PredictedToken.CheckTop(TopLogProbs);
        Gate?.Validate();
        Sampling.Validate();
    }
}

/// <summary>How thinking is told from the answer.</summary>
/// <param name="Format">Its marks.</param>
/// <param name="Start">Where the text begins.</param>
internal sealed record ThinkingSplit(ThinkingFormat Format, ThinkingStart Start);
