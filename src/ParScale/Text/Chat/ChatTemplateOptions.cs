using System.Text.Json.Nodes;

namespace ParScale.Text.Chat;

/// <summary>What a template is given beside the messages, and how much it may do.</summary>
public sealed record ChatTemplateOptions
{
    /// <summary>Whether the text ends with the beginning of the assistant's next message. Ignored with <see cref="ContinueFinalMessage"/>.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>Whether the text ends inside the last message, behind its content, so that the model continues it.</summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>The tools that the model may call, as JSON schemas: the template's <c>tools</c>.</summary>
    public JsonArray? Tools { get; init; }

    /// <summary>Documents to answer from: the template's <c>documents</c>.</summary>
    public JsonArray? Documents { get; init; }

    /// <summary>Further variables of the template, such as <c>enable_thinking</c> (Transformers calls them template kwargs). They are data.</summary>
    public JsonObject? Variables { get; init; }

    /// <summary>
    /// Special tokens by name, such as <c>bos_token</c>, in place of those of the model's folder. They count as the template's own text.
    /// </summary>
    public IReadOnlyDictionary<string, string>? SpecialTokens { get; init; }

    /// <summary>What <c>strftime_now</c> takes for now; null for the clock.</summary>
    public DateTimeOffset? Now { get; init; }

    /// <summary>How much the template may do before it is stopped.</summary>
    public ChatTemplateBudget Budget { get; init; } = ChatTemplateBudget.Default;
}
