using System.Text.Json.Nodes;
using ParScale.Cli.Chat;
using ParScale.Text.Chat;

namespace ParScale.Cli.Tests.Chat;

/// <summary>The messages of a chat, and their file.</summary>
public class ConversationTests
{
    [Fact]
    public void Turns_are_dropped_from_either_end_and_the_system_message_stays()
    {
        var conversation = new Conversation { System = "s" };
        Assert.False(conversation.Undo());
        Assert.Equal(0, conversation.Forget(2));
        foreach (string turn in (string[])["1", "2", "3"])
        {
            conversation.Add("user", $"q{turn}");
            conversation.Add("assistant", $"a{turn}");
        }
        Assert.Equal("q3", conversation.LastQuestion);
        Assert.True(conversation.Undo());
        Assert.Equal(1, conversation.Forget(1));
        Assert.Equal(["s", "q2", "a2"], conversation.Messages.Select(message => message.Content));
        conversation.System = "t";
        Assert.Equal(["t", "q2", "a2"], conversation.Messages.Select(message => message.Content));
        Assert.Equal(1, conversation.Forget(5));
        conversation.System = null;
        Assert.Empty(conversation.Messages);
    }

    [Fact]
    public void A_file_keeps_every_field_of_a_message()
    {
        using var folder = new TempFolder();
        string file = folder.File("chat.json");
        ChatMessage[] messages =
        [
            new("user", "two\nlines \"and\" 日本 😀"),
            new("assistant", null) { Fields = new JsonObject { ["tool_calls"] = new JsonArray(new JsonObject { ["id"] = "1" }) } },
            new("tool", null) { Fields = new JsonObject { ["content"] = new JsonArray("part"), ["name"] = "f" } },
            new("assistant", ""),
        ];
        ConversationFile.Save(file, messages);
        Assert.Equal(Json(messages), Json(ConversationFile.Load(file)));
        Assert.Equal([file], Directory.GetFiles(folder.Path));
        folder.Write("list.json", "[{\"role\":\"user\",\"content\":\"x\"}]");
        Assert.Equal("x", Assert.Single(ConversationFile.Load(folder.File("list.json"))).Content);
    }

    private static string Json(IReadOnlyList<ChatMessage> messages) => ConversationFile.ToJson(messages).ToJsonString();
}
