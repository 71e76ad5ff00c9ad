using System.Text;

namespace ParScale.Text;

/// <summary>Makes text whole and brings it to Unicode's normalisation forms.</summary>
internal static class TextCleaner
{
    /// <summary>False where .NET runs without ICU, in invariant mode: there normalising silently does nothing.</summary>
    public static bool CanNormalize => "e\u0301".Normalize(NormalizationForm.FormC) == "\u00E9";

    /// <summary>The text with each lone surrogate replaced by U+FFFD, as UTF-8 encoding would.</summary>
    public static string ReplaceLoneSurrogates(string text)
    {
        if (!HasLoneSurrogate(text)) return text;
        var whole = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes()) whole.Append(rune.ToString());
        return whole.ToString();
    }

    /// <summary>The text in NFC. It must hold no lone surrogates.</summary>
    public static string Compose(string text) => Normalize(text, NormalizationForm.FormC);

    /// <summary>The text in a normalisation form. It must hold no lone surrogates.</summary>
    public static string Normalize(string text, NormalizationForm form)
    {
        if (Ascii.IsValid(text)) return text;
        string sorted = CanonicalOrder.SortLongRuns(text, isCompatible: form is NormalizationForm.FormKC or NormalizationForm.FormKD);

        // .NET refuses the noncharacter U+FFFE, which composes with nothing: what stands between is normalised on its own.
        IEnumerable<string> parts = sorted.Split('\uFFFE').Select(part => part.Normalize(form));
        return string.Join('\uFFFE', parts);
    }

    private static bool HasLoneSurrogate(ReadOnlySpan<char> text)
    {
        for (int i = text.IndexOfAnyInRange('\uD800', '\uDFFF'); i >= 0 && i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            bool isPair = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]);
            if (!isPair) return true;
            i++;
        }
        return false;
    }
}
