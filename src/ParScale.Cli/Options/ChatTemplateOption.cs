using ParScale.Cli.Terminals;
using ParScale.Text.Chat;

namespace ParScale.Cli.Options;

/// <summary>The values of <c>--chat-template</c>.</summary>
internal static class ChatTemplateOption
{
    /// <summary>Plain text instead of a conversation.</summary>
    public const string None = "none";

    private const string ChatMl = "chatml";

    /// <summary>The template that was chosen in place of the model's own; null for the model's own or none.</summary>
    /// <exception cref="ParScaleException">The file is missing, or is not a template.</exception>
    public static ChatTemplate? Read(string? choice, Terminal terminal) => choice switch
    {
        null or None => null,
        "" => throw ParScaleException.Usage("CL-02", "--chat-template needs chatml or a file"),
        ChatMl => ChatTemplate.ChatMl,
        string file => ChatTemplate.Parse(TextSource.ReadFile(file, terminal), file),
    };
}
