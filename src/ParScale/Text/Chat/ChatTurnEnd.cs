namespace ParScale.Text.Chat;

/// <summary>
/// What ends an assistant's turn in a template: the first control token that it writes after the content, or, when the tokenizer has
/// none of that name, the text. Many models name this token in their template alone, and would go on with the user's next turn.
/// </summary>
/// <param name="Tokens">Ids that end the turn.</param>
/// <param name="Texts">Texts that end it.</param>
internal sealed record ChatTurnEnd(IReadOnlyList<int> Tokens, IReadOnlyList<string> Texts)
{
    private const string Content = "content";

    /// <summary>Reads it off a short conversation.</summary>
    public static ChatTurnEnd Of(ChatTemplate template, Tokenizer tokenizer)
    {
        RenderedChat chat;
        try
        {
            chat = template.Render([new ChatMessage("user", "question"), new ChatMessage("assistant", Content)], new ChatTemplateOptions { AddGenerationPrompt = false });
        }
        catch (ParScaleException)
        {
            // A template that wants more than this tells so when the real conversation is written.
            return new ChatTurnEnd([], []);
        }
        int at = chat.Text.LastIndexOf(Content, StringComparison.Ordinal);
        if (at < 0) return new ChatTurnEnd([], []);
        string after = chat.Text[(at + Content.Length)..];
        foreach (int id in tokenizer.Encode(after, parseSpecial: true))
            if (tokenizer.IsSpecial(id)) return new ChatTurnEnd([id], []);
        string text = after.Trim().Split('\n')[0];
        return new ChatTurnEnd([], text.Length == 0 ? [] : [text]);
    }
}
