using ParScale.Cli.Commands;
using ParScale.Generation;
using ParScale.Model;
using ParScale.Text.Chat;

namespace ParScale.Cli.Chat;

/// <summary>A model, a conversation with it, and how the next answer is drawn.</summary>
/// <param name="model">The model.</param>
/// <param name="plain">Whether messages are joined as plain text, without a chat template.</param>
/// <param name="options">How answers are drawn; the seed is the first answer's.</param>
internal sealed class ChatSession(LanguageModel model, bool plain, GenerationOptions options)
{
    // Each answer has a seed of its own, so that a second try is another answer; all follow from the first.
    private ulong _answers;
    private ChatTemplateOptions? _template;

    /// <summary>The model.</summary>
    public LanguageModel Model => model;

    /// <summary>The conversation so far.</summary>
    public Conversation Conversation { get; } = new();

    /// <summary>The last answer's figures; null before the first.</summary>
    public ChatAnswer? Last { get; private set; }

    /// <summary>How the next answer is drawn.</summary>
    public GenerationOptions Options
    {
        get => options;
        set
        {
            value.Validate();
            if (value.Sampling.Seed != options.Sampling.Seed) _answers = 0;
            options = value;
        }
    }

    /// <summary>Whether the model is to think before it answers; null leaves it to its template.</summary>
    /// <exception cref="ParScaleException">The template has no switch for it (CT-18), or the conversation is plain text.</exception>
    public bool? Thinks
    {
        get;
        set
        {
            if (value is not null && plain) throw ParScaleException.Usage("CL-02", "thinking is turned on and off by a chat template; this conversation is continued as plain text");
            _template = value is { } thinks ? new ChatTemplateOptions { Variables = model.Thinking.Turn(thinks) } : null;
            field = value;
        }
    }

    /// <summary>The streams that the next answer runs with.</summary>
    public StreamSet Streams => Options.Streams?.Find(model.StreamSets) ?? model.Streams;

    /// <summary>Sets the system message; null takes it away.</summary>
    /// <exception cref="ParScaleException">The conversation is plain text.</exception>
    public void SetSystem(string? text)
    {
        if (plain) throw ParScaleException.Usage("CL-02", "a system message needs a chat template; this conversation is continued as plain text");
        Conversation.System = text;
    }

    /// <summary>
    /// Asks a question and shows the answer as it comes, thinking apart. Where no answer comes, because of an error or of Ctrl+C, the
    /// conversation is as it was.
    /// </summary>
    /// <param name="question">What to ask, and whether it takes the place of the last turn.</param>
    /// <param name="show">Takes pieces of the answer, and whether they are thinking.</param>
    /// <param name="cancellation">Stops the answer.</param>
    /// <exception cref="ParScaleException">The template refuses the conversation, or it does not fit the context (CH-03) or the memory.</exception>
    public ChatAnswer Ask(Question question, Action<string, bool> show, CancellationToken cancellation)
    {
        ChatMessage[] before = [.. Conversation.Messages];
        if (question.Again) Conversation.Undo();
        Conversation.Add("user", question.Text);
        bool answered = false;
        try
        {
            ChatAnswer answer = Answer(show, cancellation);
            answered = answer.Result.Tokens > 0;
            if (answered) Conversation.Add("assistant", answer.Result.Text, answer.Result.Thinking);
            return Last = answer;
        }
        finally
        {
            if (!answered) Conversation.Replace(before);
        }
    }

    private ChatAnswer Answer(Action<string, bool> show, CancellationToken cancellation)
    {
        (int[] prompt, ThinkingStart start) = Prompt();
        int most = model.Config.MaxPositions;
        if (prompt.Length > most && !plain) throw ContextFull(prompt.Length);
        // Of a plain text the model sees the end, as much as fits: it has no turns that could be missed.
        int[] begin = prompt[0] == model.Config.BeginOfTextId ? prompt[..1] : [];
        if (prompt.Length > most) prompt = [.. begin, .. prompt[^Math.Max(1, most / 2 - begin.Length)..]];
        GenerationOptions drawn = Options with
        {
            StreamWeights = true,
            ContextShift = plain,
            Sampling = Options.Sampling with { Seed = unchecked(Options.Sampling.Seed!.Value + _answers++) },
        };
        var run = new GenerationRun(prompt.Length, text => show(text, false), text => show(text, true));
        run.Follow(plain ? model.GenerateAsync(prompt, drawn, cancellation) : model.GenerateAnswerAsync(prompt, start, drawn, cancellation));
        var result = new ChatTurnResult(
            run.Text, run.Ids.Count, run.PromptTokens, run.CachedTokens, run.FinishReason, run.PrefillMs, run.DecodeMsPerToken, Streams.Count)
        {
            Thinking = run.Thinking,
            StreamWeights = run.MeanStreamWeights,
            Seed = drawn.Sampling.Seed.Value,
            MeanStreams = run.MeanStreams,
            StreamGate = run.StreamGate,
            CatchUpTokens = Streams.IsAnchored ? null : run.CatchUpTokens,
        };
        return new ChatAnswer(result, Full: !plain && prompt.Length + run.Ids.Count > most);
    }

    private (int[] Tokens, ThinkingStart Start) Prompt()
    {
        if (!plain)
        {
            RenderedChat chat = model.ChatTemplate!.Render(Conversation.Messages, _template);
            return (model.Tokenizer.Encode(chat), model.StartOfThinking(chat));
        }
        int[] prompt = model.Tokenizer.Encode(PlainText(), addSpecial: true);
        return prompt.Length > 0 ? (prompt, ThinkingStart.None) : throw ParScaleException.Usage("GE-04", "there is no text to continue; type some");
    }

    // A question, what the model continued it with, and an empty line before the next question.
    private string PlainText()
    {
        var text = new System.Text.StringBuilder();
        foreach (ChatMessage message in Conversation.Messages)
        {
            bool continues = message.Role == "assistant" || text.Length == 0;
            text.Append(continues ? "" : "\n\n").Append(message.Content);
        }
        return text.ToString();
    }

    private ParScaleException ContextFull(int tokens) => ParScaleException.Usage("CH-03", FormattableString.Invariant(
        $"the conversation has {tokens} tokens, and the model's context is {model.Config.MaxPositions}: drop the oldest turn (/forget), or begin anew (/clear)"));
}

/// <summary>An answer.</summary>
/// <param name="Result">Text and figures.</param>
/// <param name="Full">Whether the model's context is full with it.</param>
internal sealed record ChatAnswer(ChatTurnResult Result, bool Full);

/// <summary>What is asked.</summary>
/// <param name="Text">The words.</param>
/// <param name="Again">Whether it takes the place of the last turn.</param>
internal readonly record struct Question(string Text, bool Again = false);
