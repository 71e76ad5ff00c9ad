using ParScale.Configuration;
using ParScale.Generation;
using ParScale.Text.Chat;
using ParScale.Text.Chat.Tools;

namespace ParScale;

// Conversations, and what a request without options runs with.
public sealed partial class LanguageModel
{
    private readonly Lazy<ChatTemplate?> _chatTemplate;
    private readonly Lazy<ChatTurnEnd> _turnEnd;
    private readonly Lazy<ToolSupport> _toolSupport;

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
    /// assistant's turn in the template.
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
        if (options?.Tools is { } tools && template?.Tools is null) template = (template ?? new ChatTemplateOptions()) with { Tools = tools.Schemas };
        return GenerateAnswerAsync(EncodeChat(messages, template, cancellationToken), options, cancellationToken);
    }

    /// <summary>The tokens of a conversation as its template writes it, the beginning of the next answer included.</summary>
    /// <exception cref="ParScaleException">The model has no chat template (CT-12) or no tokenizer, or the template refuses the conversation.</exception>
    public int[] EncodeChat(IReadOnlyList<ChatMessage> messages, ChatTemplateOptions? template = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return Tokenizer.Encode(RequiredTemplate().Render(messages, template, cancellationToken));
    }

    /// <summary>The answer to a conversation that <see cref="EncodeChat"/> has written.</summary>
    internal IAsyncEnumerable<GeneratedPiece> GenerateAnswerAsync(
        ReadOnlyMemory<int> prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= DefaultOptions;
        OfferedTools? tools = options.Tools;
        if (tools is not null) options = tools.Over(options);
        if (!options.IgnoreEndOfText)
        {
            ChatTurnEnd end = _turnEnd.Value;
            options = options with { StopTokenIds = [.. options.StopTokenIds, .. end.Tokens], Stop = [.. options.Stop, .. end.Texts] };
        }
        IAsyncEnumerable<GeneratedPiece> pieces = GenerateAsync(prompt, options, cancellationToken);
        return tools is null ? pieces : tools.Read(pieces, cancellationToken);
    }

    /// <summary>What the template does with tools.</summary>
    internal ToolSupport Tools => _toolSupport.Value;

    private ChatTemplate RequiredTemplate() => ChatTemplate ?? throw NoChatTemplate(Folder);

    internal static ParScaleException NoChatTemplate(string folder) => new(ErrorKind.BadInput, "CT-12",
        $"{ParScaleException.Quote(Path.GetFileName(Files.SystemPath.Full(folder)))} has no chat template: it may not be trained to chat; "
        + "give it a template (LoadOptions.ChatTemplate, --chat-template chatml or a FILE), or continue plain text (--chat-template none)");
}
