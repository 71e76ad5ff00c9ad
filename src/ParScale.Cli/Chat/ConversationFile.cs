using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ParScale.Files;
using ParScale.Text.Chat;

namespace ParScale.Cli.Chat;

/// <summary>
/// A conversation in a file: <c>{"messages": [{"role": ..., "content": ...}, ...]}</c>, which is also a row of chat data that
/// <c>parscale-train data</c> reads. A list of messages alone is read too.
/// </summary>
internal static class ConversationFile
{
    private const int LargestFile = 64 << 20;
    private const string Code = "CH-01";
    private const string Role = "role", Content = "content", List = "messages";

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the messages; an earlier file of that name is replaced as a whole, if it is a conversation.</summary>
    /// <exception cref="ParScaleException">A file of that name is something else (CH-02), or the disk refused (IO-01): the earlier file is as it was.</exception>
    public static void Save(string path, IReadOnlyList<ChatMessage> messages)
    {
        path = Full(path);
        if (Path.Exists(path) && !IsConversation(path))
        {
            throw ParScaleException.Usage("CH-02",
                $"{ParScaleException.Quote(path)} exists and is no saved conversation; give another name or delete it");
        }
        try
        {
            DurableFile.ReplaceText(path, ToJson(messages).ToJsonString(Readable) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string reason = e switch
            {
                DirectoryNotFoundException => "there is no folder of that name; make it, or give another path",
                UnauthorizedAccessException => "you may not write there; give another path, or change the permissions",
                _ => "the disk is full, may not be written, or does not take that name; give another path",
            };
            throw new ParScaleException(ErrorKind.Io, "IO-01", $"{ParScaleException.Quote(path)} cannot be saved: {reason}", e);
        }
    }

    /// <summary>Reads messages.</summary>
    /// <exception cref="ParScaleException">The file is missing, too large, or not such a list (CH-01).</exception>
    public static ChatMessage[] Load(string path)
    {
        path = Full(path);
        byte[] text = InputFile.Read(path, LargestFile, Code, Code, Code);
        try
        {
            JsonNode? root = JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (root is JsonObject whole) root = whole[List];
            if (root is not JsonArray list) throw Bad(path, $"needs a list {List}");
            return [.. list.Select((message, index) => Message(message, index, path))];
        }
        catch (JsonException problem)
        {
            throw Bad(path, $"is not JSON: {problem.Message}", problem);
        }
        catch (InvalidOperationException problem)
        {
            throw Bad(path, "holds half a surrogate pair", problem);
        }
    }

    /// <summary>The messages as JSON.</summary>
    public static JsonObject ToJson(IReadOnlyList<ChatMessage> messages) => new() { [List] = new JsonArray([.. messages.Select(ToJson)]) };

    private static JsonNode ToJson(ChatMessage message)
    {
        var json = new JsonObject { [Role] = message.Role, [Content] = message.Content };
        foreach ((string key, JsonNode? value) in message.Fields ?? []) json[key] = value?.DeepClone();
        return json;
    }

    private static ChatMessage Message(JsonNode? node, int index, string path)
    {
        if (node is not JsonObject message || message[Role] is not JsonValue role || !role.TryGetValue(out string? name) || name.Length == 0)
            throw Bad(path, FormattableString.Invariant($"message {index + 1} has no {Role}"));
        string? text = message[Content] is JsonValue value && value.TryGetValue(out string? content) ? content : null;
        string[] others = [.. message.Select(field => field.Key).Where(key => key != Role && (key != Content || (text is null && message[Content] is not null)))];
        return new ChatMessage(name, text)
        {
            Fields = others.Length == 0 ? null : new JsonObject(others.Select(key => KeyValuePair.Create(key, message[key]?.DeepClone()))),
        };
    }

    private static bool IsConversation(string path)
    {
        try
        {
            Load(path);
            return true;
        }
        catch (ParScaleException)
        {
            return false;
        }
    }

    private static string Full(string path) => path.StartsWith("~/", StringComparison.Ordinal)
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path[2..])
        : path;

    private static ParScaleException Bad(string path, string detail, Exception? inner = null) => ParScaleException.BadInput(Code, path, detail, inner);
}
