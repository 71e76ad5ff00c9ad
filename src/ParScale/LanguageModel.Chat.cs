using ParScale.Configuration;
using ParScale.Generation;
using ParScale.Text.Chat;

namespace ParScale;

// Conversations, and what a request without options runs with.
public sealed partial class LanguageModel
{
    private readonly Lazy<ChatTemplate?> _chatTemplate;
    private readonly Lazy<ChatTurnEnd> _turnEnd;

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
    /// Answers a conversation, piece by piece as the answer comes. It ends with the model's end-of-text tokens, and with what ends an
    /// assistant's turn in the template.
    /// </summary>
    /// <param name="messages">The conversation, the newest message last.</param>
    /// <param name="options">Null takes <see cref="DefaultOptions"/>. Special tokens named in messages are never read as such.</param>
    /// <param name="template">What else the template is given.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ParScaleException">
    /// The model has no chat template (CT-12), the template refuses the conversation, an option is out of range, or the conversation is
    /// longer than the context (GE-03); thrown by this call.
    /// </exception>
    public IAsyncEnumerable<GeneratedPiece> GenerateChatAsync(
        IReadOnlyList<ChatMessage> messages, GenerationOptions? options = null, ChatTemplateOptions? template = null, CancellationToken cancellationToken = default)
    {
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
        if (options.IgnoreEndOfText) return GenerateAsync(prompt, options, cancellationToken);
        ChatTurnEnd end = _turnEnd.Value;
        return GenerateAsync(prompt, options with
        {
            StopTokenIds = [.. options.StopTokenIds, .. end.Tokens],
            Stop = [.. options.Stop, .. end.Texts],
        }, cancellationToken);
    }

    private ChatTemplate RequiredTemplate() => ChatTemplate ?? throw NoChatTemplate(Folder);

    internal static ParScaleException NoChatTemplate(string folder) => new(ErrorKind.BadInput, "CT-12",
        $"{ParScaleException.Quote(Path.GetFileName(Files.SystemPath.Full(folder)))} has no chat template: it may not be trained to chat; "
        + "give it a template (LoadOptions.ChatTemplate, --chat-template chatml or a FILE), or continue plain text (--chat-template none)");
}
