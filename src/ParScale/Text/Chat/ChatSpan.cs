namespace ParScale.Text.Chat;

/// <summary>A stretch of a rendered chat whose characters have the same origin.</summary>
/// <param name="Start">Its first character, in UTF-16 units from the beginning of the text.</param>
/// <param name="Length">How many UTF-16 units it has; never 0.</param>
/// <param name="FromTemplate">
/// Whether it is the template's own text, which alone may become control tokens. False for messages, tools, documents, variables, and
/// everything of which that cannot be told.
/// </param>
/// <param name="Generated">Whether it lies in a <c>{% generation %}</c> block, with which a template marks what the model says.</param>
public readonly record struct ChatSpan(int Start, int Length, bool FromTemplate, bool Generated);
