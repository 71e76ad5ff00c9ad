using ParScale.Text.Chat;

namespace ParScale.Tests.Text.Chat;

/// <summary>Rendering that no test stops.</summary>
internal static class ChatWriting
{
    public static RenderedChat Write(this ChatTemplate template, IReadOnlyList<ChatMessage> messages, ChatTemplateOptions? options = null) => template.Render(messages, options);
}
