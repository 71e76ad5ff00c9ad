namespace ParScale.Text.Chat;

/// <summary>
/// A chat template: a Jinja program that comes with a model and writes a chat as the text that the model was trained on. It is run as
/// Transformers runs it, within a <see cref="ChatTemplateBudget"/>. Safe to use from several threads at once.
/// </summary>
public sealed class ChatTemplate
{
    private const string ChatMlSource =
        """
        {%- for message in messages -%}
        {{ '<|im_start|>' + message.role + '\n' }}{% generation %}{{ message.content + '<|im_end|>' }}{% endgeneration %}{{ '\n' }}
        {%- endfor -%}
        {%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif -%}
        """;

    private ChatTemplate(string source, string file) => (Source, File) = (source, file);

    /// <summary>
    /// ChatML without a system message of its own: <c>&lt;|im_start|&gt;ROLE LF CONTENT&lt;|im_end|&gt; LF</c> for every message. Offered for models
    /// that come without a template.
    /// </summary>
    public static ChatTemplate ChatMl { get; } = Parse(ChatMlSource, "chatml");

    /// <summary>The template's text.</summary>
    public string Source { get; }

    internal string File { get; }

    /// <summary>Reads a template.</summary>
    /// <param name="source">The template's text.</param>
    /// <param name="file">What to call it in errors.</param>
    /// <exception cref="ParScaleException">It is too long, or is not a template that this version runs; the line is named.</exception>
    public static ChatTemplate Parse(string source, string file = "chat_template")
    {
        ArgumentNullException.ThrowIfNull(source);
        return new ChatTemplate(source, file);
    }

    /// <summary>
    /// The template of a model's folder: <c>chat_template.jinja</c> or <c>additional_chat_templates/NAME.jinja</c>, else
    /// <c>chat_template</c> of <c>tokenizer_config.json</c> (a text or a named list), else <c>chat_template.json</c>; null when there is none.
    /// The special tokens of the folder come with it.
    /// </summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="name">Which of several; null for the default one.</param>
    /// <exception cref="ParScaleException">A file is damaged, the template is, or there is none of that name.</exception>
    public static ChatTemplate? Load(string folder, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return null;
    }

    /// <summary>Writes a chat.</summary>
    /// <param name="messages">The messages, in order.</param>
    /// <param name="options">What else the template is given.</param>
    /// <param name="cancellation">Stops a template that runs.</param>
    /// <exception cref="ParScaleException">The template refuses the chat (its words are given), fails, or is over its budget.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public RenderedChat Render(IReadOnlyList<ChatMessage> messages, ChatTemplateOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        cancellation.ThrowIfCancellationRequested();
        throw new NotSupportedException($"{File}: templates do not run yet");
    }
}
