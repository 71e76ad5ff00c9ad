namespace ParScale.TestSupport;

/// <summary>Models that think before they answer, and answer at once where the template is told so.</summary>
public static class ThinkingModels
{
    public const string Thought = "Let me see.", Said = "It is 42.", AtOnce = "At once, 42.";

    /// <summary>Tokens of the thinking, its marks included.</summary>
    public const int ThoughtTokens = 4;

    private const string Turns =
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.reasoning_content %}(thought: {{ m.reasoning_content }}){% endif %}{{ m.content or '' }}<|im_end|>\n{% endfor %}"
        + "{% if add_generation_prompt %}<|im_start|>assistant\n";

    // Each piece is a token.
    private static readonly string[] Answer = ["At once", ", 42."];

    /// <summary>The model itself begins to think, as Qwen3 does.</summary>
    public static ScriptedModel Opening() => new(Turns + "{{ '<think>\n\n</think>\n\n<|answer|>' if enable_thinking is false else '<|call|>' }}{% endif %}", Script(), Answer);

    /// <summary>The prompt ends with the mark, as that of DeepSeek's distilled models does.</summary>
    public static ScriptedModel Opened() => new(Turns + "{{ '<think></think><|answer|>' if enable_thinking is false else '<think>' }}{% endif %}", Script(), Answer);

    /// <summary>The marks are control tokens, as Magistral's are. There is no switch.</summary>
    public static ScriptedModel Controls() => new(
        Turns + "{# [THINK][/THINK] #}<|call|>{% endif %}", ["[THINK]", "Let me", " see.", "[/THINK]", "It is", " 42."], Answer, "[THINK]", "[/THINK]");

    private static string[] Script() => ["<think>", "\nLet me", " see.\n", "</think>", "\n\n", "It is", " 42."];
}
