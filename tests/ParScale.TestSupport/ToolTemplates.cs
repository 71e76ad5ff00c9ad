namespace ParScale.TestSupport;

/// <summary>
/// Chat templates that show tools and write calls as five families of models do. The assistant's turn opens with
/// <see cref="ScriptedModel.Call"/>, or after the result of a tool with <see cref="ScriptedModel.Answer"/>.
/// </summary>
public static class ToolTemplates
{
    public const string Hermes =
        Head + """{% for c in m.tool_calls or [] %}{{ '\n<tool_call>\n{"name": "' ~ c.function.name ~ '", "arguments": ' ~ c.function.arguments | tojson ~ '}\n</tool_call>' }}{% endfor %}""" + Tail;

    public const string Llama =
        Head + """{% for c in m.tool_calls or [] %}{{ '{"name": "' ~ c.function.name ~ '", "parameters": ' ~ c.function.arguments | tojson ~ '}' }}{% endfor %}""" + Tail;

    public const string Mistral =
        Head + """{% if m.tool_calls %}{{ '[TOOL_CALLS] [' }}{% for c in m.tool_calls %}{{ '{"name": "' ~ c.function.name ~ '", "arguments": ' ~ c.function.arguments | tojson ~ ', "id": "' ~ c.id ~ '"}' ~ (', ' if not loop.last else '') }}{% endfor %}{{ ']' }}{% endif %}""" + Tail;

    public const string MistralV11 =
        Head + """{% for c in m.tool_calls or [] %}{{ '[TOOL_CALLS]' ~ c.function.name ~ '[ARGS]' ~ c.function.arguments | tojson }}{% endfor %}""" + Tail;

    public const string Granite =
        Head + """{% if m.tool_calls %}{{ '<|tool_call|>' ~ m.tool_calls | map(attribute='function') | list | tojson }}{% endif %}""" + Tail;

    /// <summary>Shows tools, and writes calls in a manner of its own.</summary>
    public const string Other =
        Head + """{% for c in m.tool_calls or [] %}{{ '(call ' ~ c.function.name ~ ' ' ~ c.function.arguments | tojson ~ ')' }}{% endfor %}""" + Tail;

    private const string Head =
        "{% if tools %}<|im_start|>system\nTools: {{ tools | tojson }}<|im_end|>\n{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content or '' }}";

    private const string Tail =
        "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{{ '<|answer|>' if messages[-1].role == 'tool' else '<|call|>' }}{% endif %}";
}
