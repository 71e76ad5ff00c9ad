using System.Text.Json;
using System.Text.RegularExpressions;

namespace ParScale.Training.Data.Sources;

/// <summary>
/// ChatML, as Qwen2 writes it: <c>&lt;|im_start|&gt;ROLE LF CONTENT&lt;|im_end|&gt; LF</c> for every message. What the assistant says is
/// learned, with the token that ends it; all else is only read. Contents stay text: none can forge a turn.
/// </summary>
internal sealed partial class ChatTemplate
{
    private const string Start = "<|im_start|>";
    private const string End = "<|im_end|>";
    private const string Assistant = "assistant";
    private const string ConfigFile = "tokenizer_config.json";
    private const string TemplateFile = "chat_template.jinja";
    private const int LongestFile = 4 << 20;
    private static readonly string[] Roles = ["system", "user", Assistant, "tool"];

    private readonly string? _systemText;

    /// <summary>ChatML in which a chat without a system message begins with <paramref name="systemText"/>, if there is one.</summary>
    public ChatTemplate(string? systemText) => _systemText = systemText;

    /// <summary>
    /// The template of a tokenizer's folder. Its words are not run: it must be a ChatML one, and what is taken from it is the system
    /// message that it gives to chats without one. A folder without a template gets plain ChatML.
    /// </summary>
    /// <exception cref="ParScaleException">The template is another one, or its file is damaged.</exception>
    public static ChatTemplate Load(string tokenizerFolder)
    {
        string? template = Find(tokenizerFolder);
        if (template is null) return new ChatTemplate(systemText: null);
        if (!template.Contains(Start, StringComparison.Ordinal) || !template.Contains(End, StringComparison.Ordinal))
        {
            throw ParScaleException.BadInput("TD-15", Path.Combine(tokenizerFolder, ConfigFile),
                $"its chat template does not use {Start} and {End}; messages are rendered as ChatML alone: "
                + "render them yourself into \"prompt\" and \"completion\"");
        }
        Match system = SystemText().Match(template);
        return new ChatTemplate(system.Success ? system.Groups[1].Value : null);
    }

    /// <summary>The segments of a chat.</summary>
    /// <exception cref="ParScaleException">A role is unknown, or no assistant says anything.</exception>
    public Document Render(IEnumerable<ChatMessage> messages, RowFault place)
    {
        var segments = new List<Segment>();
        bool answered = false;
        foreach (ChatMessage message in messages)
        {
            if (!Roles.Contains(message.Role))
                throw place.Is("TD-03", $"the role {ParScaleException.Quote(message.Role)} is unknown; use {string.Join(", ", Roles)}");
            if (segments.Count == 0 && message.Role != "system" && _systemText is not null) Add(segments, new ChatMessage("system", _systemText));
            Add(segments, message);
            answered |= message.Role == Assistant && message.Content.Length > 0;
        }
        if (segments.Count == 0) throw place.Empty("the chat");
        if (!answered) throw place.Is("TD-10", "no assistant says anything, so there is nothing to learn");
        return new Document(segments, Closed: false);
    }

    private static void Add(List<Segment> segments, ChatMessage message)
    {
        bool learned = message.Role == Assistant;
        segments.Add(new Segment(Start, false, Control: true));
        if (learned)
        {
            // Cut where the model takes over when it runs.
            segments.Add(new Segment($"{message.Role}\n", false));
            segments.Add(new Segment(message.Content, true));
        }
        else
        {
            segments.Add(new Segment($"{message.Role}\n{message.Content}", false));
        }
        segments.Add(new Segment(End, learned, Control: true));
        segments.Add(new Segment("\n", false));
    }

    private static string? Find(string folder)
    {
        string alone = Path.Combine(folder, TemplateFile);
        if (File.Exists(alone)) return Utf8Text.Read(InputFile.Read(alone, LongestFile, "TD-15", "TD-15"), RowFault.Line(alone, 1));
        string config = Path.Combine(folder, ConfigFile);
        if (!File.Exists(config)) return null;
        try
        {
            using JsonDocument json = JsonDocument.Parse(InputFile.Read(config, LongestFile, "TD-15", "TD-15"));
            return json.RootElement.TryGetProperty("chat_template", out JsonElement template) && template.ValueKind != JsonValueKind.Null
                ? template.GetString()
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw ParScaleException.BadInput("TD-15", config, "is damaged, or its chat_template is no text; get the tokenizer's folder again", e);
        }
    }

    // As in a Jinja text: line feeds are written \n, and words from outside would bring quotes or braces.
    [GeneratedRegex(@"<\|im_start\|>system\\n([^'""{}<]+)<\|im_end\|>")]
    private static partial Regex SystemText();
}
