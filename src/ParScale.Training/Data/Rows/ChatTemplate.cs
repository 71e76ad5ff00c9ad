using System.Text.Json;
using System.Text.RegularExpressions;
using ParScale.Files;

namespace ParScale.Training.Data.Rows;

/// <summary>One turn of a chat. What it says is <paramref name="Learned"/>, with the token that ends it, or only read.</summary>
internal readonly record struct ChatMessage(string Role, string Content, bool Learned);

/// <summary>
/// ChatML, as Qwen2 writes it: <c>&lt;|im_start|&gt;ROLE LF CONTENT&lt;|im_end|&gt; LF</c> for every message. Contents stay text: none can
/// forge a turn.
/// </summary>
internal sealed partial class ChatTemplate
{
    private const string Start = "<|im_start|>";
    private const string End = "<|im_end|>";
    private const string ConfigFile = "tokenizer_config.json";
    private const string TemplateFile = "chat_template.jinja";
    private const int LongestFile = 4 << 20;
    private static readonly string[] Roles = [ChatRow.System, "user", ChatRow.Assistant, "tool"];

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
    /// <exception cref="ParScaleException">A role is unknown, or nothing is learned.</exception>
    public Document Render(IEnumerable<ChatMessage> messages, RowLocation place)
    {
        var segments = new List<Segment>();
        bool learned = false;
        foreach (ChatMessage message in messages)
        {
            if (!Roles.Contains(message.Role))
                throw place.Error("TD-03", $"the role {ParScaleException.Quote(message.Role)} is unknown; use {string.Join(", ", Roles)}");
            if (segments.Count == 0 && message.Role != ChatRow.System && _systemText is not null) Add(segments, new ChatMessage(ChatRow.System, _systemText, Learned: false));
            Add(segments, message);
            learned |= message.Learned && message.Content.Length > 0;
        }
        if (segments.Count == 0) throw place.Empty("the chat");
        if (!learned) throw place.Error("TD-10", "there is nothing to learn: no assistant says anything, or it is marked not to be learned");
        return new Document(segments, Closed: false);
    }

    private static void Add(List<Segment> segments, ChatMessage message)
    {
        segments.Add(new Segment(Start, false, Control: true));
        if (message.Learned || message.Role == ChatRow.Assistant)
        {
            // Cut where the model takes over when it runs.
            segments.Add(new Segment($"{message.Role}\n", false));
            segments.Add(new Segment(message.Content, message.Learned));
        }
        else
        {
            segments.Add(new Segment($"{message.Role}\n{message.Content}", false));
        }
        segments.Add(new Segment(End, message.Learned, Control: true));
        segments.Add(new Segment("\n", false));
    }

    private static string? Find(string folder)
    {
        string alone = Path.Combine(folder, TemplateFile);
        if (File.Exists(alone)) return Utf8Text.Read(InputFile.Read(alone, LongestFile, "TD-15", "TD-15"), RowLocation.Line(alone, 1));
        string config = Path.Combine(folder, ConfigFile);
        if (!File.Exists(config)) return null;
        try
        {
            using JsonDocument json = Json.Parse(InputFile.Read(config, LongestFile, "TD-15", "TD-15"));
            if (json.RootElement.ValueKind != JsonValueKind.Object || Json.Find(json.RootElement, "chat_template") is not { } template) return null;
            return template.ValueKind == JsonValueKind.String ? template.GetString()
                : throw ParScaleException.BadInput("TD-15", config, $"its chat_template is {Json.Name(template)}; it must be a text");
        }
        catch (JsonException e)
        {
            throw ParScaleException.BadInput("TD-15", config, "is not JSON; get the tokenizer's folder again", e);
        }
        catch (InvalidOperationException e)
        {
            throw ParScaleException.BadInput("TD-15", config, "its chat_template holds half a surrogate pair, which is no character", e);
        }
    }

    // As in a Jinja text: line feeds are written \n, and words from outside would bring quotes or braces.
    [GeneratedRegex(@"<\|im_start\|>system\\n([^'""{}<]+)<\|im_end\|>")]
    private static partial Regex SystemText();
}
