namespace ParScale.Training.Data.Rows;

/// <summary>NaN and Infinity, which Python writes into JSON although JSON has no such numbers.</summary>
internal static class PythonNumbers
{
    /// <summary>
    /// The same JSON with null for each NaN, which stands for what is missing, and with a number out of every range for each infinite
    /// one; null if it has none of them.
    /// </summary>
    public static byte[]? Replace(ReadOnlySpan<byte> json)
    {
        var strict = new List<byte>(json.Length + 16);
        (bool inText, bool found) = (false, false);
        for (int at = 0; at < json.Length; at++)
        {
            byte next = json[at];
            if (!inText && next is (byte)'N' or (byte)'I')
            {
                bool missing = json[at..].StartsWith("NaN"u8);
                if (!missing && !json[at..].StartsWith("Infinity"u8)) return null;
                strict.AddRange(missing ? "null"u8 : "1e999"u8);
                at += (missing ? "NaN"u8 : "Infinity"u8).Length - 1;
                found = true;
                continue;
            }
            strict.Add(next);
            if (inText && next == '\\' && at + 1 < json.Length) strict.Add(json[++at]);
            else if (next == '"') inText = !inText;
        }
        return found ? [.. strict] : null;
    }
}
