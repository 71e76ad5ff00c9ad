using System.Text;

namespace ParScale.Text.TokenizerJson;

/// <summary>Reads what is done to the whole text before it is cut.</summary>
internal static class NormalizerSection
{
    /// <summary>The steps, in order; none when the section is absent.</summary>
    public static IReadOnlyList<INormalizer> Read(JsonSection section)
    {
        if (section.IsAbsent) return [];
        switch (section.Type)
        {
            case "Sequence":
                // Steps of a list may be lists again; the depth of the file bounds how far.
                section.AllowOnly("type", "normalizers");
                return section["normalizers"].ReadItems(Read);
            case "NFC":
                return [Unicode(section, NormalizationForm.FormC)];
            case "NFD":
                return [Unicode(section, NormalizationForm.FormD)];
            case "NFKC":
                return [Unicode(section, NormalizationForm.FormKC)];
            case "NFKD":
                return [Unicode(section, NormalizationForm.FormKD)];
            case "Prepend":
                section.AllowOnly("type", "prepend");
                return [new PrependNormalizer(Required(section["prepend"]))];
            case "Replace":
                return [ReadReplace(section)];
            case "Strip":
                section.AllowOnly("type", "strip_left", "strip_right");
                return [new StripNormalizer(section["strip_left"].Flag(true), section["strip_right"].Flag(true))];
            default:
                throw section.UnknownType();
        }
    }

    private static ReplaceNormalizer ReadReplace(JsonSection section)
    {
        section.AllowOnly("type", "pattern", "content");
        (string pattern, bool isLiteral) = PatternSection.Read(section["pattern"]);
        string content = section["content"].Text("");
        return PatternSection.Parse(section["pattern"], pattern, () => new ReplaceNormalizer(pattern, isLiteral, content));
    }

    private static UnicodeNormalizer Unicode(JsonSection section, NormalizationForm form)
    {
        section.AllowOnly("type");
        if (!TextCleaner.CanNormalize)
            throw section.Error("TK-02", $"{section.Type} needs ICU, which is missing here; install it and turn invariant globalization off");
        return new UnicodeNormalizer(form);
    }

    private static string Required(JsonSection section)
    {
        string text = section.Text("");
        return text.Length > 0 ? text : throw section.Error("TK-02", "must be text that is not empty");
    }
}
