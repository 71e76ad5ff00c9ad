using System.Security.Cryptography;
using System.Text;

namespace ParScale.Text;

/// <summary>A hash of all that decides which ids a text gets; independent of the file's layout and key order.</summary>
internal static class TokenizerFingerprint
{
    /// <summary>SHA-256, as 64 lower-case hexadecimal digits.</summary>
    public static string Of(TokenizerDefinition definition)
    {
        using var hash = SHA256.Create();
        using (var sink = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write))
        using (var buffer = new BufferedStream(sink, 1 << 16))
        using (var writer = new BinaryWriter(buffer, Encoding.UTF8))
            Write(definition, writer);
        return Convert.ToHexStringLower(hash.Hash ?? throw new InvalidOperationException("The hash was not finished."));
    }

    // Strings and lists go out with their length first, so that no two definitions write the same bytes.
    private static void Write(TokenizerDefinition definition, BinaryWriter writer)
    {
        // A step's own description names all that it does.
        WriteAll(definition.Normalizers, step => writer.Write($"{step}"), writer);
        WriteAll(definition.PreTokenizers, step => writer.Write($"{step}"), writer);
        writer.Write(definition.Symbols.GetType().Name);
        writer.Write(definition.Symbols.UnknownId ?? -1);
        writer.Write(definition.Symbols.FusesUnknown);
        writer.Write(definition.IgnoreMerges);
        writer.Write(definition.Ids.Count);
        for (int id = 0; id < definition.Tokens.Length; id++)
        {
            if (definition.Tokens[id] is not { } token) continue;
            writer.Write(id);
            writer.Write(token);
        }
        WriteAll(definition.Merges, merge => WriteIds([merge.Left, merge.Right, merge.Id], writer), writer);
        WriteAll([.. definition.AddedTokens.OrderBy(token => token.Id)], token => writer.Write($"{token}"), writer);
        WriteAll(definition.Template.Before, writer.Write, writer);
        WriteAll(definition.Template.After, writer.Write, writer);
    }

    private static void WriteAll<T>(IReadOnlyList<T> items, Action<T> write, BinaryWriter writer)
    {
        writer.Write(items.Count);
        foreach (T item in items) write(item);
    }

    private static void WriteIds(ReadOnlySpan<int> ids, BinaryWriter writer)
    {
        foreach (int id in ids) writer.Write(id);
    }
}
