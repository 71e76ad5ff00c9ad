namespace ParScale.Text.Chat;

/// <summary>How a family of models marks what it thinks before it answers. No mark holds its first character a second time.</summary>
/// <param name="Open">What begins the thinking; the answer begins with it, or the prompt ends with it.</param>
/// <param name="Close">What ends it.</param>
/// <param name="AnswerOpen">What may begin the answer after it; null where nothing does.</param>
/// <param name="AnswerClose">What then ends the answer.</param>
internal sealed record ThinkingFormat(string Open, string Close, string? AnswerOpen = null, string? AnswerClose = null)
{
    /// <summary>Qwen3, SmolLM3, DeepSeek's distilled models, Phi-4 reasoning.</summary>
    public static ThinkingFormat Tags { get; } = new("<think>", "</think>");

    /// <summary>Granite 3.3, which puts its answer between marks too.</summary>
    public static ThinkingFormat Granite { get; } = new("<think>", "</think>", "<response>", "</response>");

    /// <summary>Granite 3.2: words.</summary>
    public static ThinkingFormat Words { get; } = new("Here is my thought process:", "Here is my response:");

    /// <summary>Magistral: control tokens.</summary>
    public static ThinkingFormat Mistral { get; } = new("[THINK]", "[/THINK]");

    /// <summary>All marks.</summary>
    public IEnumerable<string> Marks => new[] { Open, Close, AnswerOpen, AnswerClose }.OfType<string>();

    /// <summary>The format whose marks all stand in a template; that of most models where they do in none.</summary>
    public static ThinkingFormat Of(ChatTemplate template) =>
        new[] { Mistral, Words, Granite }.FirstOrDefault(format => format.Marks.All(mark => template.Source.Contains(mark, StringComparison.Ordinal))) ?? Tags;
}
