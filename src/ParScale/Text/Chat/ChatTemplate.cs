using ParScale.Text.Chat.Jinja;
using ParScale.Text.Chat.Jinja.Statements;

namespace ParScale.Text.Chat;

/// <summary>
/// A chat template: a Jinja program that comes with a model and writes a chat as the text that the model was trained on. It is run as
/// Transformers runs it, within a <see cref="ChatTemplateBudget"/>, and reaches nothing but the chat. Safe to use from several threads at once.
/// </summary>
public sealed class ChatTemplate
{
    /// <summary>The most characters that a template may have.</summary>
    internal const int LongestSource = 1 << 20;

    private const string ChatMlSource =
        """
        {%- for message in messages %}
        {%- set content = message.content if message.content is string else (message.content or []) | map(attribute='text') | join %}
        {{- '<|im_start|>' + message.role + '\n' }}
        {%- if message.role == 'assistant' %}
            {%- generation %}{{- content + '<|im_end|>' }}{% endgeneration %}{{- '\n' }}
        {%- else %}
            {{- content + '<|im_end|>\n' }}
        {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
        {{- '<|im_start|>assistant\n' }}
        {%- endif %}
        """;

    private readonly string _file;
    private readonly Statement[] _body;
    private readonly NamedTokens _tokens;
    private readonly ChatTemplate? _forTools;

    private ChatTemplate(string source, string file, Statement[] body, NamedTokens tokens, ChatTemplate? forTools) =>
        (Source, _file, _body, _tokens, _forTools) = (source, file, body, tokens, forTools);

    /// <summary>
    /// ChatML without a system message of its own: <c>&lt;|im_start|&gt;ROLE LF CONTENT&lt;|im_end|&gt; LF</c> for every message. For models
    /// that come without a template.
    /// </summary>
    public static ChatTemplate ChatMl { get; } = Parse(ChatMlSource, "chatml");

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>The text of the template that writes chats with tools.</summary>
    internal string ToolSource => (_forTools ?? this).Source;

    /// <summary>Reads a template.</summary>
    /// <param name="source">The template's text.</param>
    /// <param name="file">What to call it in errors.</param>
    /// <exception cref="ParScaleException">It is too long, or is not a template that this version runs; the line is named.</exception>
    public static ChatTemplate Parse(string source, string file = "chat_template") => Parse(source, file, NamedTokens.None, forTools: null);

    /// <summary>
    /// The template of a model's folder: <c>chat_template.jinja</c> or <c>additional_chat_templates/NAME.jinja</c>, else
    /// <c>chat_template</c> of <c>tokenizer_config.json</c> (a text or a named list), else <c>chat_template.json</c>; null when there is none.
    /// The special tokens of the folder come with it. Without a name, chats with tools are written with the template named <c>tool_use</c>
    /// if there is one.
    /// </summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="name">Which of several; null for the one named <c>default</c>.</param>
    /// <exception cref="ParScaleException">A file or the template is malformed, or none has that name.</exception>
    public static ChatTemplate? Load(string folder, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (ChatTemplateFiles.Find(folder) is not { } found) return null;
        NamedTokens tokens = NamedTokens.Read(folder);
        ChatTemplate? forTools = name is null && found.Sources.TryGetValue(ChatTemplateFiles.ToolUse, out string? source)
            ? Parse(source, found.File, tokens, forTools: null) : null;
        return Parse(found.Named(name), found.File, tokens, forTools);
    }

    /// <summary>The same template with the special tokens of a model's folder, unless it came with tokens of its own.</summary>
    internal ChatTemplate WithTokensOf(string folder) =>
        _tokens == NamedTokens.None ? new ChatTemplate(Source, _file, _body, NamedTokens.Read(folder), _forTools) : this;

    /// <summary>Writes a chat.</summary>
    /// <param name="messages">The messages, in order.</param>
    /// <param name="options">What else the template is given.</param>
    /// <param name="cancellation">Stops a template that runs.</param>
    /// <exception cref="ParScaleException">The template refuses the chat (its words are given), fails, or is over its budget.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public RenderedChat Render(IReadOnlyList<ChatMessage> messages, ChatTemplateOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        options ??= new ChatTemplateOptions();
        if (options.Tools is not null && _forTools is not null) return _forTools.Render(messages, options, cancellation);
        if (options.ContinueFinalMessage) return RenderUnfinished(messages, options, cancellation);
        return new RenderedChat(Write(messages, options, cancellation));
    }

    /// <summary>Where the last copy of a message's content ends; if it is nowhere whole, its last character; null if nothing of it is written.</summary>
    private static int? EndOfContent(TaggedText text, int message, string content)
    {
        for (int at = text.Length; content.Length > 0 && at > 0;)
        {
            at = text.Text.AsSpan(0, at).LastIndexOf(content);
            if (at >= 0 && IsOf(text.TagAt(at)) && IsOf(text.TagAt(at + content.Length - 1))) return at + content.Length;
            if (at > 0) at += content.Length - 1;
        }
        for (int i = text.Runs.Length - 1; i >= 0; i--)
            if (IsOf(text.Runs[i].Tag)) return text.Runs[i].End;
        return null;

        bool IsOf(TextTag tag) => tag.IsContent && tag.Message == message;
    }

    // Where a template trims the content and writes the same white space itself, Transformers keeps that.
    private static int Space(string text, int end, ChatMessage final)
    {
        string content = final.Content ?? "";
        string space = content[PythonText.TrimEnd(content)..];
        bool isTrimmed = end > 0 && !PythonText.IsSpace(text[end - 1]);
        return isTrimmed && text.AsSpan(end).StartsWith(space, StringComparison.Ordinal) ? space.Length : 0;
    }

    private static ChatTemplate Parse(string source, string file, NamedTokens tokens, ChatTemplate? forTools)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Length > LongestSource)
            throw ParScaleException.BadInput("CT-13", file, $"the template has {source.Length} characters; at most {LongestSource} are read");
        return new ChatTemplate(source, file, StatementParser.Parse(source, file), tokens, forTools);
    }

    private TaggedText Write(IReadOnlyList<ChatMessage> messages, ChatTemplateOptions options, CancellationToken cancellation)
    {
        var run = new Run(_file, options.Budget, options.Now ?? DateTimeOffset.Now, cancellation);
        Statement.Execute(_body, new ChatVariables(run).Create(messages, options, _tokens));
        return run.Output.ToText();
    }

    // Everything behind the last character of the last message's data goes.
    private RenderedChat RenderUnfinished(IReadOnlyList<ChatMessage> messages, ChatTemplateOptions options, CancellationToken cancellation)
    {
        if (messages is not [.., var final]) throw ParScaleException.Usage("CT-17", "there is no message to continue");
        TaggedText text = Write(messages, options with { AddGenerationPrompt = false }, cancellation);
        if (EndOfContent(text, messages.Count - 1, final.Content?.Trim() ?? "") is { } end)
            return new RenderedChat(text.Slice(0, end + Space(text.Text, end, final)), continues: true);
        bool isBare = final.Role == "assistant" && string.IsNullOrWhiteSpace(final.Content) && final.Fields is null or { Count: 0 };
        if (!isBare)
            throw ParScaleException.BadInput("CT-17", _file, "the template does not write the last message, so it cannot be continued; send another message instead");
        return new RenderedChat(Write([.. messages.Take(messages.Count - 1)], options with { AddGenerationPrompt = true }, cancellation));
    }
}
