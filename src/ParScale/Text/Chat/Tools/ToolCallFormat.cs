namespace ParScale.Text.Chat.Tools;

/// <summary>How a family of models writes calls of tools.</summary>
public sealed class ToolCallFormat
{
    private ToolCallFormat(string name, string open, string? close, bool isList, bool isBare, string argumentsKey) =>
        (Name, Open, Close, IsList, IsBare, ArgumentsKey) = (name, open, close, isList, isBare, argumentsKey);

    /// <summary>Hermes, Qwen2.5, Qwen3, SmolLM3, Granite 4: <c>&lt;tool_call&gt;{"name": ..., "arguments": {...}}&lt;/tool_call&gt;</c>, one for each call.</summary>
    public static ToolCallFormat Hermes { get; } = new("hermes", "<tool_call>", "</tool_call>", isList: false, isBare: false, "arguments");

    /// <summary>Llama 3.x: the answer is <c>{"name": ..., "parameters": {...}}</c>, with or without <c>&lt;|python_tag|&gt;</c> before it; <c>;</c> parts several.</summary>
    public static ToolCallFormat Llama { get; } = new("llama", "<|python_tag|>", null, isList: false, isBare: true, "parameters");

    /// <summary>Mistral: <c>[TOOL_CALLS] [{"name": ..., "arguments": {...}}]</c>.</summary>
    public static ToolCallFormat Mistral { get; } = new("mistral", "[TOOL_CALLS]", null, isList: true, isBare: false, "arguments");

    /// <summary>Mistral since Small 3.2, Magistral, Devstral: <c>[TOOL_CALLS]name[ARGS]{...}</c>, one for each call, with <c>[CALL_ID]...</c> after the name or not.</summary>
    public static ToolCallFormat MistralV11 { get; } = new("mistral-v11", "[TOOL_CALLS]", null, isList: false, isBare: false, "") { AfterName = "[ARGS]", AfterNameAndId = "[CALL_ID]" };

    /// <summary>Granite 3: <c>&lt;|tool_call|&gt;[{"name": ..., "arguments": {...}}]</c>.</summary>
    public static ToolCallFormat Granite { get; } = new("granite", "<|tool_call|>", null, isList: true, isBare: false, "arguments");

    /// <summary>A word for the format.</summary>
    public string Name { get; }

    /// <summary>All formats. The one without a mark of its own is the last.</summary>
    internal static IReadOnlyList<ToolCallFormat> All { get; } = [Hermes, Mistral, MistralV11, Granite, Llama];

    /// <summary>What begins a call.</summary>
    internal string Open { get; }

    /// <summary>What ends it after the JSON; null where the JSON does.</summary>
    internal string? Close { get; }

    /// <summary>Whether all calls stand in one JSON list.</summary>
    internal bool IsList { get; }

    /// <summary>Whether a call may also be the bare JSON, at the beginning of the answer and nowhere else.</summary>
    internal bool IsBare { get; }

    /// <summary>The name under which arguments stand in the JSON of a call; empty where the JSON is the arguments.</summary>
    internal string ArgumentsKey { get; }

    /// <summary>What stands between the name of the tool and its arguments, where both are no JSON together; else null.</summary>
    internal string? AfterName { get; private init; }

    /// <summary>What may stand before that, with an id of the call; null where nothing does.</summary>
    internal string? AfterNameAndId { get; private init; }

    /// <summary>All marks.</summary>
    internal IEnumerable<string> Marks => new[] { Open, Close, AfterName, AfterNameAndId }.OfType<string>();

    /// <inheritdoc/>
    public override string ToString() => Name;
}
