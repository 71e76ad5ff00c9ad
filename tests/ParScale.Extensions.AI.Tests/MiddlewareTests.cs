using Microsoft.Extensions.AI;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ParScale.Extensions.AI.Tests.Support;

namespace ParScale.Extensions.AI.Tests;

/// <summary>Middleware of Microsoft.Extensions.AI before the client.</summary>
public sealed class MiddlewareTests(ChatFolder folder)
{
    private static readonly ChatOptions Greedy = new() { MaxOutputTokens = 12, Temperature = 0 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_cache_answers_the_same_question()
    {
        var cache = new MemoryDistributedCache(Options.Create(new MemoryDistributedCacheOptions()));
        using var counting = new Counting(folder.Model.AsChatClient());
        using IChatClient client = counting.AsBuilder().UseDistributedCache(cache).Build();
        ChatResponse first = await client.GetResponseAsync("hello", Greedy, Token), second = await client.GetResponseAsync("hello", Greedy, Token);
        Assert.Equal((first.Text, 1), (second.Text, counting.Calls));
        await client.GetResponseAsync("hello the world", Greedy, Token);
        Assert.Equal(2, counting.Calls);
    }

    [Fact]
    public async Task Function_invocation_and_logging_leave_the_answer_as_it_is()
    {
        using var loggers = new LoggerFactory();
        using IChatClient client = folder.Model.AsChatClient().AsBuilder().UseFunctionInvocation(loggers).UseLogging(loggers).Build();
        ChatOptions options = new() { MaxOutputTokens = 12, Temperature = 0, Tools = [AIFunctionFactory.Create(() => 5, "five")] };
        string plain = (await folder.Model.AsChatClient().GetResponseAsync("hello", options, Token)).Text;
        Assert.Equal(plain, (await client.GetResponseAsync("hello", options, Token)).Text);
        string streamed = "";
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("hello", options, Token)) streamed += update.Text;
        Assert.Equal(plain, streamed);
        Assert.Same(folder.Model, client.GetService<LanguageModel>());
    }

    private sealed class Counting(IChatClient inner) : DelegatingChatClient(inner)
    {
        public int Calls { get; private set; }

        public override Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            Calls++;
            return base.GetResponseAsync(messages, options, cancellationToken);
        }
    }
}
