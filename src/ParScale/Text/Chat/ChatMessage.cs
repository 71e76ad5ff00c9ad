using System.Text.Json.Nodes;

namespace ParScale.Text.Chat;

/// <summary>One message of a chat, as templates see it.</summary>
/// <param name="Role">Who says it: <c>system</c>, <c>user</c>, <c>assistant</c>, <c>tool</c>, or another role that the template knows.</param>
/// <param name="Content">What is said; null when the message has no text, as one that only calls tools.</param>
public sealed record ChatMessage(string Role, string? Content)
{
    /// <summary>
    /// Further fields, such as <c>tool_calls</c>, <c>name</c> or <c>reasoning_content</c>. A field <c>content</c> here (a list of parts,
    /// or null) stands in place of <see cref="Content"/>.
    /// </summary>
    public JsonObject? Fields { get; init; }
}
