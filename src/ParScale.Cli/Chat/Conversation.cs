using System.Text.Json.Nodes;
using ParScale.Text.Chat;

namespace ParScale.Cli.Chat;

/// <summary>The messages of a chat: a system message, if any, and turns of a question and its answer.</summary>
internal sealed class Conversation
{
    private readonly List<ChatMessage> _messages = [];

    /// <summary>All messages, the oldest first.</summary>
    public IReadOnlyList<ChatMessage> Messages => _messages;

    /// <summary>The system message; null when there is none.</summary>
    public string? System
    {
        get => HasSystem ? _messages[0].Content : null;
        set
        {
            if (HasSystem) _messages.RemoveAt(0);
            if (value is not null) _messages.Insert(0, new ChatMessage("system", value));
        }
    }

    /// <summary>How many turns there are.</summary>
    public int Turns => _messages.Count(message => message.Role == "user");

    private bool HasSystem => _messages.Count > 0 && _messages[0].Role == "system";

    /// <summary>Adds a message, with what was thought before it if anything was.</summary>
    public void Add(string role, string content, string? thinking = null) => _messages.Add(new ChatMessage(role, content)
    {
        Fields = thinking is null ? null : new JsonObject { ["reasoning_content"] = thinking },
    });

    /// <summary>The newest question; null when there is none.</summary>
    public string? LastQuestion => _messages.FindLast(message => message.Role == "user") is { } last ? last.Content ?? "" : null;

    /// <summary>Takes the newest turn back: from the last question on. False when there is no turn.</summary>
    public bool Undo()
    {
        int last = _messages.FindLastIndex(message => message.Role == "user");
        if (last >= 0) _messages.RemoveRange(last, _messages.Count - last);
        return last >= 0;
    }

    /// <summary>Drops the oldest turns, at most so many. How many were dropped.</summary>
    public int Forget(int turns)
    {
        int dropped = 0, first = HasSystem ? 1 : 0;
        for (; dropped < turns && Turns > 0; dropped++)
        {
            int next = _messages.FindIndex(_messages.FindIndex(message => message.Role == "user") + 1, message => message.Role == "user");
            _messages.RemoveRange(first, (next < 0 ? _messages.Count : next) - first);
        }
        return dropped;
    }

    /// <summary>Drops everything but the system message.</summary>
    public void Clear() => _messages.RemoveRange(HasSystem ? 1 : 0, _messages.Count - (HasSystem ? 1 : 0));

    /// <summary>Takes other messages in place of all these.</summary>
    public void Replace(IEnumerable<ChatMessage> messages)
    {
        ChatMessage[] all = [.. messages];
        _messages.Clear();
        _messages.AddRange(all);
    }
}
