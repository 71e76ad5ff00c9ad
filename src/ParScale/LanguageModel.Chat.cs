using ParScale.Configuration;
using ParScale.Generation;
using ParScale.Generation.Constraints;
using ParScale.Text.Chat;
using ParScale.Text.Chat.Tools;

namespace ParScale;

// Conversations, and what a request without options runs with.
public sealed partial class LanguageModel
{
    private readonly Lazy<ChatTemplate?> _chatTemplate;
    private readonly Lazy<ChatTurnEnd> _turnEnd;
    private readonly Lazy<ToolSupport> _toolSupport;
    private readonly Lazy<ThinkingSupport> _thinking;

    /// <summary>
    /// What the folder's <c>generation_config.json</c> asks for; nothing when <see cref="LoadOptions.UseGenerationConfig"/> is off.
    /// </summary>
    public GenerationConfig GenerationConfig { get; }

    /// <summary>
    /// What a request without options runs with: the built-in defaults, and what the folder's <c>generation_config.json</c> says in their
    /// place. Change single settings by <c>model.DefaultOptions with { ... }</c>.
    /// </summary>
    public GenerationOptions DefaultOptions { get; }

    /// <summary>How a request without options chooses tokens.</summary>
    public SamplingOptions DefaultSampling => DefaultOptions.Sampling;

    /// <summary>
    /// The template that writes conversations for this model: the one of <see cref="LoadOptions.ChatTemplate"/>, else the folder's own, read
    /// when it is first asked for; null when the folder has none.
    /// </summary>
    /// <exception cref="ParScaleException">The template is malformed.</exception>
    public ChatTemplate? ChatTemplate => _chatTemplate.Value;

    /// <summary>
    /// How the model writes calls of tools, as its chat template tells; null when the template has no tools, or writes calls in a way
    /// that is not known here.
    /// </summary>
    /// <exception cref="ParScaleException">The model has no chat template (CT-12), or it is malformed.</exception>
    public ToolCallFormat? ToolCallFormat => Tools.Format;

    /// <summary>
    /// Answers a conversation, piece by piece as the answer comes. It ends with the model's end-of-text tokens, and with what ends an
    /// assistant's turn in the template. What the model thinks first comes apart (<see cref="GeneratedPiece.Thinking"/>).
    /// </summary>
    /// <param name="messages">The conversation, the newest message last.</param>
    /// <param name="options">Null takes <see cref="DefaultOptions"/>. Special tokens named in messages are never read as such.</param>
    /// <param name="template">What else the template is given. Without tools of its own it is given those of the options.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ParScaleException">
    /// The model has no chat template (CT-12), the template refuses the conversation, an option is out of range, or the conversation is
    /// longer than the context (GE-03); thrown by this call.
    /// </exception>
    public IAsyncEnumerable<GeneratedPiece> GenerateChatAsync(
        IReadOnlyList<ChatMessage> messages, GenerationOptions? options = null, ChatTemplateOptions? template = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (options?.Tools is { } tools && template?.Tools is null) template = (template ?? new ChatTemplateOptions()) with { Tools = tools.Schemas };
        RenderedChat chat = RequiredTemplate().Render(messages, template, cancellationToken);
        return GenerateAnswerAsync(Tokenizer.Encode(chat), StartOfThinking(chat), options, cancellationToken);
    }

    /// <summary>The tokens of a conversation as its template writes it, the beginning of the next answer included.</summary>
    /// <exception cref="ParScaleException">The model has no chat template (CT-12) or no tokenizer, or the template refuses the conversation.</exception>
    public int[] EncodeChat(IReadOnlyList<ChatMessage> messages, ChatTemplateOptions? template = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return Tokenizer.Encode(RequiredTemplate().Render(messages, template, cancellationToken));
    }

    /// <summary>Where the answer to a conversation that its template has written begins.</summary>
    internal ThinkingStart StartOfThinking(RenderedChat chat) => chat.StartOfThinking(Thinking.Format);

    /// <summary>The answer to a conversation that its template has written.</summary>
    /// <param name="prompt">Its tokens.</param>
    /// <param name="start">Where it begins (<see cref="StartOfThinking"/>).</param>
    /// <param name="options">How it is generated.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal IAsyncEnumerable<GeneratedPiece> GenerateAnswerAsync(
        ReadOnlyMemory<int> prompt, ThinkingStart start, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= DefaultOptions;
        OfferedTools? tools = options.Tools;
        if (tools is not null) options = tools.Over(options);
        if (!options.IgnoreEndOfText)
        {
            ChatTurnEnd end = _turnEnd.Value;
            options = options with { StopTokenIds = [.. options.StopTokenIds, .. end.Tokens], Stop = [.. options.Stop, .. end.Texts] };
        }
        IAsyncEnumerable<GeneratedPiece> pieces = GenerateAsync(prompt, WithThinking(options, start), cancellationToken);
        return tools is null ? pieces : tools.Read(pieces, cancellationToken);
    }

    // Marks that are control tokens are shown, so that they can be seen in the text. A form that the answer must have begins after the thinking.
    private GenerationOptions WithThinking(GenerationOptions options, ThinkingStart start)
    {
        ThinkingFormat format = Thinking.Format;
        int[] shown = [.. options.ShownTokens.Union(Thinking.ControlMarks)];
        options = options with { ShownTokens = shown };
        if (start != ThinkingStart.None && options.Constraint is { } form)
        {
            int? control = Tokenizer.ControlToken(format.Close) is { } id ? Array.IndexOf(shown, id) : null;
            options = options with { Constraint = form.After(ThinkingGrammar.UpTo(format.Close, control)) };
        }
        return options.ThinkingInText ? options : options with { Thinking = new ThinkingSplit(format, start) };
    }

    /// <summary>What the template does with thinking.</summary>
    internal ThinkingSupport Thinking => _thinking.Value;

    /// <summary>What the template does with tools.</summary>
    internal ToolSupport Tools => _toolSupport.Value;

    private ChatTemplate RequiredTemplate() => ChatTemplate ?? throw NoChatTemplate(Folder);

    internal static ParScaleException NoChatTemplate(string folder) => new(ErrorKind.BadInput, "CT-12",
        $"{ParScaleException.Quote(Path.GetFileName(Files.SystemPath.Full(folder)))} has no chat template: it may not be trained to chat; "
        + "give it a template (LoadOptions.ChatTemplate, --chat-template chatml or a FILE), or continue plain text (--chat-template none)");
}
