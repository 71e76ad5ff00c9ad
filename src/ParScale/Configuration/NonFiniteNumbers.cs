using System.Buffers;
using System.Text;
using System.Text.Json;

namespace ParScale.Configuration;

/// <summary>
/// <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c>, which Python's <c>json</c> writes though JSON has no such numbers. They are read as the
/// object that newer versions of Transformers write in their place, <c>{"__float__": "Infinity"}</c>: whoever needs a number refuses it, and
/// a rewritten file is JSON.
/// </summary>
internal static class NonFiniteNumbers
{
    private const string Key = "__float__";

    // The longest first: "-Infinity" holds "Infinity".
    private static readonly (byte[] Word, byte[] Object)[] Words =
        [.. ((string[])["-Infinity", "Infinity", "NaN"]).Select(word => (Encoding.UTF8.GetBytes(word), Encoding.UTF8.GetBytes($"{{\"{Key}\":\"{word}\"}}")))];

    private static readonly SearchValues<byte> Starts = SearchValues.Create("\"-IN"u8);

    /// <summary>The same text with every such number outside a string replaced. No line becomes another one.</summary>
    public static ReadOnlySpan<byte> Replace(ReadOnlySpan<byte> utf8Json)
    {
        if (utf8Json.IndexOf("NaN"u8) < 0 && utf8Json.IndexOf("Infinity"u8) < 0) return utf8Json;
        var text = new ArrayBufferWriter<byte>(utf8Json.Length);
        while (!utf8Json.IsEmpty)
        {
            int plain = utf8Json.IndexOfAny(Starts);
            if (plain < 0) plain = utf8Json.Length;
            text.Write(utf8Json[..plain]);
            utf8Json = utf8Json[plain..];
            if (utf8Json.IsEmpty) break;
            int length = utf8Json[0] == '"' ? StringLength(utf8Json) : 1;
            ReadOnlySpan<byte> written = utf8Json[..length];
            foreach ((byte[] word, byte[] instead) in Words)
            {
                if (!utf8Json.StartsWith(word)) continue;
                length = word.Length;
                written = instead;
                break;
            }
            text.Write(written);
            utf8Json = utf8Json[length..];
        }
        return text.WrittenSpan;
    }

    /// <summary>Which of the three a value is; null when it is none.</summary>
    public static string? Name(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(Key, out JsonElement word) || word.ValueKind != JsonValueKind.String) return null;
        return word.ValueEquals("NaN") ? "NaN" : word.ValueEquals("Infinity") ? "Infinity" : word.ValueEquals("-Infinity") ? "-Infinity" : null;
    }

    private static int StringLength(ReadOnlySpan<byte> text)
    {
        for (int i = 1; i < text.Length; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == '"') return i + 1;
        }
        return text.Length;
    }
}
