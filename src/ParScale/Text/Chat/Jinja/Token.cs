namespace ParScale.Text.Chat.Jinja;

/// <summary>What a <see cref="Token"/> is.</summary>
internal enum TokenKind
{
    /// <summary>Text between tags.</summary>
    Text,

    /// <summary>The beginning of an expression that is printed.</summary>
    PrintBegin,

    /// <summary>Its end.</summary>
    PrintEnd,

    /// <summary>The beginning of a statement.</summary>
    TagBegin,

    /// <summary>Its end.</summary>
    TagEnd,

    /// <summary>A name or keyword.</summary>
    Name,

    /// <summary>A string literal, without its quotes and escapes.</summary>
    String,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>Another number.</summary>
    Float,

    /// <summary>An operator or bracket.</summary>
    Operator,

    /// <summary>The end of the template.</summary>
    End,
}

/// <summary>A piece of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text.</param>
/// <param name="Line">The line it begins on, from 1.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line)
{
    public bool Is(string text) => Kind is TokenKind.Operator or TokenKind.Name && Text == text;

    /// <summary>How an error names it.</summary>
    public string Describe() => Kind switch
    {
        TokenKind.End => "the end of the template",
        TokenKind.TagEnd => "the end of the tag",
        TokenKind.PrintEnd => "the end of the expression",
        _ => ParScaleException.Quote(Text),
    };
}
