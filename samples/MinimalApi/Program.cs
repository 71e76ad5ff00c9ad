using Microsoft.Extensions.AI;
using ParScale;
using ParScale.Extensions.AI;
using ParScale.Text.Chat;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);

// One model for all requests, which run together. Without a folder the embedded model answers; it learned plays, not chats, and so has no
// template of its own.
builder.Services.AddParScale(options =>
{
    options.Model = builder.Configuration["model"];
    if (options.Model is null) options.Load = new LoadOptions { ChatTemplate = ChatTemplate.ChatMl };
});

// Middleware of Microsoft.Extensions.AI before it: the same question gets its answer from the cache, and each call is logged.
builder.Services.AddDistributedMemoryCache();
builder.Services.AddChatClient(services => services.GetRequiredService<ParScaleChatClient>()).UseDistributedCache().UseLogging();

WebApplication app = builder.Build();
app.MapGet("/ask", async (string question, int? streams, IChatClient client, CancellationToken cancellation) =>
{
    var options = new ChatOptions { MaxOutputTokens = 200, Temperature = 0, AdditionalProperties = new() { ["streams"] = streams } };
    ChatResponse response = await client.GetResponseAsync(question, options, cancellation);
    return new { response.Text, response.FinishReason, response.Usage?.InputTokenCount, response.Usage?.OutputTokenCount };
});
app.MapGet("/stream", (string question, IChatClient client, CancellationToken cancellation) =>
    TypedResults.ServerSentEvents(Texts(client.GetStreamingResponseAsync(question, cancellationToken: cancellation))));
app.Run();

static async IAsyncEnumerable<string> Texts(IAsyncEnumerable<ChatResponseUpdate> updates)
{
    await foreach (ChatResponseUpdate update in updates) yield return update.Text;
}
