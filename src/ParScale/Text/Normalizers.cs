using System.Text;

namespace ParScale.Text;

/// <summary>A step that changes the whole text before it is cut.</summary>
internal interface INormalizer
{
    /// <summary>The text after the step. It holds no lone surrogates before or after.</summary>
    string Normalize(string text);
}

/// <summary>Brings text to one of Unicode's normalisation forms.</summary>
/// <param name="Form">Which one.</param>
internal sealed record UnicodeNormalizer(NormalizationForm Form) : INormalizer
{
    public string Normalize(string text) => TextCleaner.Normalize(text, Form);
}

/// <summary>Puts one text in place of another.</summary>
/// <param name="Pattern">What is replaced, wherever it occurs; not empty.</param>
/// <param name="Content">What is put there.</param>
internal sealed record ReplaceNormalizer(string Pattern, string Content) : INormalizer
{
    public string Normalize(string text) => text.Replace(Pattern, Content, StringComparison.Ordinal);
}

/// <summary>Puts something before text that is not empty.</summary>
/// <param name="Prefix">What is put there.</param>
internal sealed record PrependNormalizer(string Prefix) : INormalizer
{
    public string Normalize(string text) => text.Length == 0 ? text : Prefix + text;
}
