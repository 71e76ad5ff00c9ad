namespace ParScale.Text.TokenizerJson;

/// <summary>Reads what a step looks for: an expression, or just text.</summary>
internal static class PatternSection
{
    /// <summary>The expression or text, which is not empty.</summary>
    public static (string Pattern, bool IsLiteral) Read(JsonSection section)
    {
        section.AllowOnly("Regex", "String");
        bool isLiteral = section["Regex"].IsAbsent;
        JsonSection written = section[isLiteral ? "String" : "Regex"];
        if (!isLiteral && !section["String"].IsAbsent) throw section.Error("TK-02", "has both Regex and String");
        return written.Text("").Length > 0 ? (written.Text(""), isLiteral) : throw written.Error("TK-02", "must be text that is not empty");
    }

    /// <summary>A step that parses the expression when it is made; refuses an expression that is not understood.</summary>
    public static T Parse<T>(JsonSection section, string pattern, Func<T> create)
    {
        try
        {
            return create();
        }
        catch (FormatException e)
        {
            throw section["Regex"].Error("TK-07", $"the expression {ParScaleException.Quote(pattern)}: {e.Message}", e);
        }
    }
}
