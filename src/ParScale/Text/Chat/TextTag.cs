namespace ParScale.Text.Chat;

/// <summary>
/// Where a character of a template's output comes from: the template's own text, a message, or other data; and whether a
/// <c>{% generation %}</c> block wrote it.
/// </summary>
internal readonly record struct TextTag
{
    private const int GeneratedBit = 1;
    private const int AssistantBit = 2;
    private const int ContentBit = 4;
    private const int OriginShift = 3;
    private const int DataOrigin = 1;
    private const int FirstMessage = 2;

    private readonly int _bits;

    private TextTag(int bits) => _bits = bits;

    /// <summary>The template's own text.</summary>
    public static TextTag Template => default;

    /// <summary>Data of no message, or of which nothing is known.</summary>
    public static TextTag Data => new(DataOrigin << OriginShift);

    /// <summary>Whether it is the template's own text.</summary>
    public bool IsTemplate => Origin == 0;

    /// <summary>Whether a generation block wrote it.</summary>
    public bool IsGenerated => (_bits & GeneratedBit) != 0;

    /// <summary>Whether it is data of an assistant's message.</summary>
    public bool IsAssistant => (_bits & AssistantBit) != 0;

    /// <summary>Whether it is data of the field <c>content</c> of a message.</summary>
    public bool IsContent => (_bits & ContentBit) != 0;

    /// <summary>The index of the message that it comes from; null for other data and for the template.</summary>
    public int? Message => Origin >= FirstMessage ? Origin - FirstMessage : null;

    /// <summary>The same, written by a generation block.</summary>
    public TextTag AsGenerated => new(_bits | GeneratedBit);

    private int Origin => _bits >> OriginShift;

    /// <summary>Data of a message: of its content, or of another field.</summary>
    public static TextTag OfMessage(int index, bool isAssistant, bool isContent) =>
        new(((index + FirstMessage) << OriginShift) | (isAssistant ? AssistantBit : 0) | (isContent ? ContentBit : 0));

    /// <summary>Whether another character comes from the same place.</summary>
    public bool HasOriginOf(TextTag other) => Origin == other.Origin;
}
