using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using ParScale.Extensions.AI.Tests.Support;

namespace ParScale.Extensions.AI.Tests;

/// <summary>What the template is given, and what is refused by name.</summary>
public sealed class RequestTests(ChatFolder folder)
{
    private static readonly AIFunction Add = AIFunctionFactory.Create((int a, int b) => a + b, "add", "Adds two numbers.");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, ChatOptions> Refused => new()
    {
        { "ToolMode RequireAny", new ChatOptions { ToolMode = ChatToolMode.RequireAny } },
        { "ConversationId", new ChatOptions { ConversationId = "1" } },
        { "ModelId", new ChatOptions { ModelId = "another" } },
        { "hosted", new ChatOptions { Tools = [new HostedTool()] } },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public void AI_01_what_the_engine_does_not_have_is_refused_by_name(string name, ChatOptions options)
    {
        using var client = new ParScaleChatClient(folder.Model, "small");
        var refused = Assert.Throws<ParScaleException>(() => client.GetStreamingResponseAsync("x", options, Token));
        Assert.Equal(("AI-01", ErrorKind.Usage), (refused.Code, refused.Kind));
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Penalties_of_zero_and_text_as_the_format_ask_for_nothing()
    {
        using var client = new ParScaleChatClient(folder.Model, "small");
        var options = new ChatOptions { FrequencyPenalty = 0, PresencePenalty = 0, ResponseFormat = ChatResponseFormat.Text, ModelId = "small" };
        Assert.NotNull(client.GetStreamingResponseAsync("x", options, Token));
    }

    [Fact]
    public void AI_02_contents_that_are_no_text_are_refused()
    {
        ChatMessage picture = new(ChatRole.User, [new TextContent("what is this?"), new DataContent(new byte[] { 1 }, "image/png")]);
        var refused = Assert.Throws<ParScaleException>(() => MessageReader.Read([picture], null));
        Assert.Equal("AI-02", refused.Code);
        Assert.Contains("DataContent", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("streams", 0)]
    [InlineData("streams", 1.5)]
    [InlineData("streams", "")]
    [InlineData("streams", true)]
    [InlineData("min_p", "half")]
    [InlineData("chat_template_kwargs", 3)]
    public void AI_03_additional_properties_of_the_wrong_kind_are_refused(string name, object value)
    {
        using var client = new ParScaleChatClient(folder.Model);
        var options = new ChatOptions { AdditionalProperties = new() { [name] = value } };
        var refused = Assert.Throws<ParScaleException>(() => client.GetStreamingResponseAsync("x", options, Token));
        Assert.Equal("AI-03", refused.Code);
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Instructions_messages_tools_and_variables_reach_the_template()
    {
        ChatMessage[] messages =
        [
            new(ChatRole.User, "add 2 and 3"),
            new(ChatRole.Assistant, [new FunctionCallContent("c1", "add", new Dictionary<string, object?> { ["a"] = 2, ["b"] = 3 })]),
            new(ChatRole.Tool, [new FunctionResultContent("c1", 5)]),
            new(ChatRole.Assistant, [new TextContent("fi"), new TextContent("ve")]),
            new(ChatRole.User, "<|end|>"),
        ];
        var options = new ChatOptions { Tools = [Add], AdditionalProperties = new() { ["chat_template_kwargs"] = new JsonObject { ["loud"] = true } } };
        string text = folder.Model.ChatTemplate!.Render(MessageReader.Read(messages, "be brief"), RequestOptions.Template(folder.Model, options), Token).Text;
        string schema = JsonNode.Parse(Add.JsonSchema.GetRawText())!.ToJsonString();
        int from = text.IndexOf('[', StringComparison.Ordinal), to = text.IndexOf("<|system|>", StringComparison.Ordinal);
        JsonNode function = JsonNode.Parse(text[from..to])![0]!["function"]!;
        Assert.Equal(("add", "Adds two numbers."), ((string?)function["name"], (string?)function["description"]));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(schema), function["parameters"]));
        Assert.Equal(
            "<|system|>be brief<|end|><|user|>add 2 and 3<|end|>"
            + """<|assistant|>[{"id": "c1", "type": "function", "function": {"name": "add", "arguments": {"a": 2, "b": 3}}}]<|end|>"""
            + "<|tool|>c1=5<|end|><|assistant|>five<|end|><|user|><|end|><|end|>LOUD<|assistant|>", text[to..]);
    }

    [Fact]
    public void Tools_are_not_shown_when_none_may_be_called() => Assert.Null(RequestOptions.Template(folder.Model, new ChatOptions { Tools = [Add], ToolMode = ChatToolMode.None }));

    [Fact]
    public void Results_of_tools_are_text_or_json()
    {
        object?[] results = ["plain", 5, null, JsonSerializer.SerializeToElement("from a wire"), JsonSerializer.SerializeToElement(new { a = 1 })];
        ChatMessage message = new(ChatRole.Tool, [.. results.Select(result => new FunctionResultContent("c", result))]);
        Assert.Equal(["plain", "5", "", "from a wire", """{"a":1}"""], MessageReader.Read([message], null).Select(read => read.Content));
    }

    private sealed class HostedTool : AITool
    {
        public override string Name => "hosted";
    }
}
