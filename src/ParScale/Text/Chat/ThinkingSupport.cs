using System.Text.Json.Nodes;

namespace ParScale.Text.Chat;

/// <summary>What a template does with thinking. Safe to use from several threads at once.</summary>
internal sealed class ThinkingSupport
{
    // What models call it: Qwen3 and SmolLM3, and Granite.
    private static readonly string[] Names = ["enable_thinking", "thinking"];

    /// <summary>The variable that tells a template how much a model is to think.</summary>
    public const string Effort = "reasoning_effort";

    /// <summary>The effort that turns thinking off.</summary>
    public const string NoEffort = "none";

    private readonly ChatTemplate _template;
    private readonly Lazy<string?> _switch;

    /// <param name="template">The template.</param>
    /// <param name="tokenizer">The tokenizer of its model.</param>
    public ThinkingSupport(ChatTemplate template, Tokenizer tokenizer)
    {
        (_template, Format) = (template, ThinkingFormat.Of(template));
        ControlMarks = [.. Format.Marks.Select(tokenizer.ControlToken).OfType<int>()];
        _switch = new(() => Names.FirstOrDefault(name => Write(template, name, true) != Write(template, name, false)));
    }

    /// <summary>How the thinking is marked.</summary>
    public ThinkingFormat Format { get; }

    /// <summary>Whether the template has to do with thinking: its text names the marks, or has a switch.</summary>
    public bool IsKnown => _template.Source.Contains(Format.Close, StringComparison.Ordinal) || Switch is not null;

    /// <summary>Those of its marks that are control tokens.</summary>
    public IReadOnlyList<int> ControlMarks { get; }

    /// <summary>The variable of the template that turns thinking on and off: the one whose value changes what it writes. Null when there is none.</summary>
    public string? Switch => _switch.Value;

    /// <summary>The variables that turn thinking on or off, beside others.</summary>
    /// <exception cref="ParScaleException">The template has no switch (CT-18).</exception>
    public JsonObject Turn(bool on, JsonObject? variables = null)
    {
        string name = Switch ?? throw ParScaleException.Usage("CT-18",
            "the model's chat template has no variable that turns thinking on or off (enable_thinking or thinking); leave it out");
        variables ??= [];
        variables[name] = on;
        return variables;
    }

    /// <summary>
    /// The variables with an effort, as the variable <c>reasoning_effort</c> unless they have it. The effort <c>none</c> also turns thinking off
    /// where the template has a switch; to a template that knows neither it says nothing.
    /// </summary>
    public JsonObject WithEffort(string effort, JsonObject? variables)
    {
        variables ??= [];
        variables.TryAdd(Effort, effort);
        return effort == NoEffort && Switch is not null ? Turn(false, variables) : variables;
    }

    private static string? Write(ChatTemplate template, string name, bool value)
    {
        try
        {
            // At a fixed time, or a clock that moves on would look like a difference.
            return template.Render([new ChatMessage("user", "question")], new ChatTemplateOptions { Variables = new JsonObject { [name] = value }, Now = DateTimeOffset.UnixEpoch }).Text;
        }
        catch (ParScaleException)
        {
            return null;
        }
    }
}
