using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using ParScale.Generation;
using static ParScale.TestSupport.ThinkingModels;

namespace ParScale.Extensions.AI.Tests;

/// <summary>What a model thinks before it answers is a content of its own.</summary>
public sealed class ThinkingTests : IDisposable
{
    private readonly ScriptedModel _scripted = Opening();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _scripted.Dispose();

    [Fact]
    public async Task Whole_or_streamed_it_comes_before_the_text()
    {
        IChatClient client = _scripted.Model.AsChatClient();
        var options = new ChatOptions { Temperature = 0 };
        ChatResponse response = await client.GetResponseAsync("What is it?", options, Token);
        Assert.Equal(Said, response.Text);
        Assert.Equal([typeof(TextReasoningContent), typeof(TextContent)], response.Messages[0].Contents.Select(content => content.GetType()));
        Assert.Equal(Thought, ((TextReasoningContent)response.Messages[0].Contents[0]).Text);
        Assert.Equal(ThoughtTokens, response.Usage!.ReasoningTokenCount);
        var thoughts = new List<string>();
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("What is it?", options, Token))
            thoughts.AddRange(update.Contents.OfType<TextReasoningContent>().Select(content => content.Text));
        Assert.Equal(["Let me", " see."], thoughts);
        // It goes back to the template as such.
        Assert.Contains($"(thought: {Thought}){Said}", _scripted.Model.ChatTemplate!.Render(MessageReader.Read(response.Messages, null), cancellation: Token).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_can_be_turned_off_or_left_in_the_text()
    {
        IChatClient client = _scripted.Model.AsChatClient();
        var off = new ChatOptions { Temperature = 0, AdditionalProperties = new() { ["chat_template_kwargs"] = new JsonObject { ["enable_thinking"] = false } } };
        Assert.Equal(AtOnce, (await client.GetResponseAsync("What is it?", off, Token)).Text);
        var inText = new ChatOptions { Temperature = 0, RawRepresentationFactory = _ => new GenerationOptions { ThinkingInText = true } };
        Assert.Equal("<think>\nLet me see.\n</think>\n\nIt is 42.", (await client.GetResponseAsync("What is it?", inText, Token)).Text);
    }

    [Fact]
    public async Task Reasoning_options_turn_it_off_tell_its_effort_and_leave_it_out()
    {
        IChatClient client = _scripted.Model.AsChatClient();
        ChatOptions Asked(ReasoningOptions reasoning) => new() { Temperature = 0, Reasoning = reasoning };
        Assert.Equal(AtOnce, (await client.GetResponseAsync("What is it?", Asked(new() { Effort = ReasoningEffort.None }), Token)).Text);
        JsonObject variables = RequestOptions.Template(_scripted.Model, Asked(new() { Effort = ReasoningEffort.ExtraHigh }))!.Variables!;
        Assert.Equal("""{"reasoning_effort":"xhigh"}""", variables.ToJsonString());
        Assert.Null(RequestOptions.Template(_scripted.Model, Asked(new())));

        ChatOptions silent = Asked(new() { Output = ReasoningOutput.None });
        ChatResponse response = await client.GetResponseAsync("What is it?", silent, Token);
        Assert.Equal([typeof(TextContent)], response.Messages[0].Contents.Select(content => content.GetType()));
        Assert.Equal((Said, ThoughtTokens), (response.Text, response.Usage!.ReasoningTokenCount));
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("What is it?", silent, Token)) Assert.NotEmpty(update.Contents);
    }
}
