using System.Buffers;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;

namespace ParScale.Gateway;

/// <summary>
/// A number for how a request's prompt begins. Requests with the same one are likely to find their first tokens in the memory of the
/// same server: turns of a conversation, and conversations with the same instructions. It is made of what a server keeps apart too, the
/// key and the model.
/// </summary>
internal static class PromptPrefix
{
    // Of a text, its first characters; of a conversation, everything up to the first message of the user, cut at the same length.
    private const int Longest = 1024;

    /// <summary>The number; null for a body that has no prompt, or is no JSON: the server will say what is wrong with it.</summary>
    public static ulong? Of(ReadOnlySpan<byte> body, string key)
    {
        var begin = new ArrayBufferWriter<byte>(Longest + 256);
        begin.Write(Encoding.UTF8.GetBytes(key));
        try
        {
            return Read(body, begin) ? XxHash3.HashToUInt64(begin.WrittenSpan) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter of a name that holds half a surrogate pair, which is compared as text.
            return null;
        }
    }

    private static bool Read(ReadOnlySpan<byte> body, ArrayBufferWriter<byte> begin)
    {
        var json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 128 });
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject) return false;
        bool found = false;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            bool isModel = json.ValueTextEquals("model"u8) || json.ValueTextEquals("streams"u8);
            bool isPrompt = json.ValueTextEquals("messages"u8) || json.ValueTextEquals("prompt"u8) || json.ValueTextEquals("input"u8);
            json.Read();
            long start = json.TokenStartIndex;
            if (isPrompt && json.TokenType == JsonTokenType.StartArray)
            {
                long end = EndOfFirstTurn(ref json);
                Take(body[(int)start..(int)end], begin);
                found = true;
                continue;
            }
            json.Skip();
            if (!isModel && !isPrompt) continue;
            Take(body[(int)start..(int)json.BytesConsumed], begin);
            found |= isPrompt;
        }
        return found;
    }

    private static void Take(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> begin) => begin.Write(text[..Math.Min(text.Length, Longest)]);

    // Reads a list to its end and tells where its first message of the user ends, or the list itself.
    private static long EndOfFirstTurn(ref Utf8JsonReader json)
    {
        long end = 0;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            bool isUser = json.TokenType == JsonTokenType.StartObject && IsUser(json);
            json.Skip();
            if (isUser && end == 0) end = json.BytesConsumed;
        }
        return end == 0 ? json.BytesConsumed : end;
    }

    // On a copy of the reader.
    private static bool IsUser(Utf8JsonReader json)
    {
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            bool isRole = json.ValueTextEquals("role"u8);
            json.Read();
            if (isRole) return json.TokenType == JsonTokenType.String && json.ValueTextEquals("user"u8);
            json.Skip();
        }
        return false;
    }
}
