using System.Text.Json.Nodes;
using ParScale.Text;
using ParScale.Text.Chat;

namespace ParScale.Training.Data.Rows;

/// <summary>What a template is given beside the messages of a row.</summary>
internal sealed record ChatExtras(JsonArray? Tools = null, JsonArray? Documents = null, JsonObject? Variables = null)
{
    public static ChatExtras None { get; } = new();
}

/// <summary>
/// Chats as the template of the tokenizer's folder writes them; as ChatML where the folder has none. Contents stay data: none can forge
/// a turn.
/// </summary>
internal sealed class ChatRenderer(ChatTemplate template, IReadOnlyList<string> controlTokens)
{
    private static readonly string[] Roles = [ChatRow.System, "user", ChatRow.Assistant, "tool"];

    // The same data must give the same bytes on every day.
    private static readonly DateTimeOffset Today = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>ChatML, for tokenizers that come without a template.</summary>
    public static ChatRenderer ChatMl { get; } = new(ChatTemplate.ChatMl, ["<|im_start|>", "<|im_end|>"]);

    /// <summary>The template of a tokenizer's folder.</summary>
    /// <exception cref="ParScaleException">It is malformed.</exception>
    public static ChatRenderer Load(string folder, Tokenizer tokenizer) => new(ChatTemplate.Load(folder) ?? ChatTemplate.ChatMl, tokenizer.SpecialTokens);

    /// <summary>Whether the template reads a field or variable of that name.</summary>
    public bool Reads(string name) => name.Length > 0 && template.Source.Contains(name, StringComparison.Ordinal);

    /// <summary>The segments of a chat.</summary>
    /// <exception cref="ParScaleException">A role is unknown, nothing is learned, or the template refuses the chat.</exception>
    public Document Render(IReadOnlyList<ChatTurn> turns, ChatExtras extras, RowLocation place)
    {
        if (turns.Count == 0) throw place.Empty("the chat");
        if (turns.FirstOrDefault(turn => !Roles.Contains(turn.Message.Role)) is { Message.Role: var role })
            throw place.Error("TD-03", $"the role {ParScaleException.Quote(role)} is unknown; use {string.Join(", ", Roles)}");
        try
        {
            TaggedText text = Write(turns, extras, addGenerationPrompt: false);
            var spans = new LearnedSpans(text, turns, controlTokens, count => Beginning(turns, count, extras));
            return new Document([.. Segments(text, spans.Find(place))], Closed: false);
        }
        catch (ParScaleException e) when (e.Code.StartsWith("CT-", StringComparison.Ordinal))
        {
            throw place.Error("TD-21", e.Message, e);
        }
    }

    private static IEnumerable<Segment> Segments(TaggedText text, IEnumerable<LearnedSpan> spans)
    {
        int done = 0;
        foreach (LearnedSpan span in spans)
        {
            if (span.Start > done) yield return Segment(done, span.Start, learned: false);
            if (span.End > span.Start) yield return Segment(span.Start, span.End, span.Learned);
            done = span.End;
        }
        if (text.Length > done) yield return Segment(done, text.Length, learned: false);

        Segment Segment(int start, int end, bool learned)
        {
            var chat = new RenderedChat(text.Slice(start, end - start));
            return new Segment(chat.Text, learned, chat);
        }
    }

    /// <summary>What stands before an answer when the model runs: the messages before it, and the beginning of an assistant's; null if the template cannot tell.</summary>
    private string? Beginning(IReadOnlyList<ChatTurn> turns, int count, ChatExtras extras)
    {
        if (!Reads("add_generation_prompt")) return null;
        try
        {
            return Write(turns.Take(count), extras, addGenerationPrompt: true).Text;
        }
        catch (ParScaleException)
        {
            return null;
        }
    }

    private TaggedText Write(IEnumerable<ChatTurn> turns, ChatExtras extras, bool addGenerationPrompt) =>
        template.Render([.. turns.Select(turn => turn.Message)], new ChatTemplateOptions
        {
            AddGenerationPrompt = addGenerationPrompt,
            Tools = extras.Tools,
            Documents = extras.Documents,
            Variables = extras.Variables,
            Now = Today,
        }).Tagged;
}
