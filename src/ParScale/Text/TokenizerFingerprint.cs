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

    // Strings go out with their length first, so that no two definitions write the same bytes.
    private static void Write(TokenizerDefinition definition, BinaryWriter writer)
    {
        writer.Write(definition.ComposeText);
        writer.Write((int)definition.Split);
        writer.Write(definition.AddPrefixSpace);
        writer.Write(definition.Ids.Count);
        for (int id = 0; id < definition.Tokens.Length; id++)
        {
            if (definition.Tokens[id] is not { } token) continue;
            writer.Write(id);
            writer.Write(token);
        }
        if (definition.IgnoreMerges) writer.Write(definition.IgnoreMerges);
        if (definition.Bytes.UnknownId is { } unknown)
        {
            writer.Write(unknown);
            writer.Write(definition.Bytes.Fused is not null);
        }
        writer.Write(definition.Merges.Count);
        foreach ((int left, int right, int joined) in definition.Merges)
        {
            writer.Write(left);
            writer.Write(right);
            writer.Write(joined);
        }
        foreach (AddedToken token in definition.AddedTokens.OrderBy(token => token.Id))
        {
            writer.Write(token.Id);
            writer.Write(token.Content);
            bool[] flags = [token.SingleWord, token.StripLeft, token.StripRight, token.Normalized, token.Special];
            foreach (bool flag in flags) writer.Write(flag);
        }
    }
}
