namespace ParScale.Text.Chat;

/// <summary>
/// Where a character of a template's output comes from: the template's own text, a message, or other data; and whether a
/// <c>{% generation %}</c> block wrote it.
/// </summary>
internal readonly record struct TextTag
{
    private const int GeneratedBit = 1;
    private const int FirstMessage = 2;

    private readonly int _bits;

    private TextTag(int bits) => _bits = bits;

    /// <summary>The template's own text.</summary>
    public static TextTag Template => default;

    /// <summary>Data of no message, or of which nothing is known.</summary>
    public static TextTag Data => new(1 << 1);

    /// <summary>Whether it is the template's own text.</summary>
    public bool IsTemplate => _bits >> 1 == 0;

    /// <summary>Whether a generation block wrote it.</summary>
    public bool IsGenerated => (_bits & GeneratedBit) != 0;

    /// <summary>The message that it comes from; null for other data and for the template.</summary>
    public int? Message => _bits >> 1 is >= FirstMessage and int origin ? origin - FirstMessage : null;

    /// <summary>The same, written by a generation block.</summary>
    public TextTag AsGenerated => new(_bits | GeneratedBit);

    /// <summary>Data of a message.</summary>
    public static TextTag OfMessage(int index) => new((index + FirstMessage) << 1);
}
