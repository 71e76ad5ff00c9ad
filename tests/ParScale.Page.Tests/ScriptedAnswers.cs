using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ParScale.Page.Tests;

/// <summary>Answers chats with texts that a test chose, as the server would send them: a model cannot be made to write them.</summary>
internal sealed class ScriptedAnswers(params string[] pieces)
{
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What comes, event by event.</summary>
    public string[] Pieces { get; set; } = pieces;

    /// <summary>How many of the pieces are thinking.</summary>
    public int Thoughts { get; init; }

    /// <summary>Whether more seems to come after the last piece, until the client leaves.</summary>
    public bool StaysOpen { get; init; }

    /// <summary>An error that ends the answer, as its event has it.</summary>
    public string? Error { get; init; }

    /// <summary>Ends when the client has left an answer that stays open.</summary>
    public Task Left => _left.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

    public async Task<bool> Answer(HttpContext context)
    {
        if (context.Request.Path != "/v1/chat/completions") return false;
        context.Response.ContentType = "text/event-stream";
        foreach ((int i, string piece) in Pieces.Index())
        {
            object token = new { token = piece, logprob = -0.5, bytes = Array.Empty<int>(), top_logprobs = new[] { new { token = piece, logprob = -0.5 }, new { token = "else", logprob = -1.5 } } };
            await Send(context, new { choices = new[] { new { index = 0, delta = i < Thoughts ? (object)new { reasoning_content = piece } : new { content = piece }, logprobs = new { content = new[] { token } }, stream_weights = new[] { new[] { 0.1, 0.7, 0.1, 0.1 } } } } });
        }
        if (StaysOpen)
        {
            using CancellationTokenRegistration left = context.RequestAborted.Register(() => _left.TrySetResult());
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        }
        if (Error is not null)
        {
            await Send(context, new { error = new { message = Error, type = "server_error" } });
            return true;
        }
        await Send(context, new { choices = new[] { new { index = 0, delta = new { }, finish_reason = "stop" } } });
        await context.Response.WriteAsync("data: [DONE]\n\n");
        return true;
    }

    private static async Task Send(HttpContext context, object value)
    {
        await context.Response.WriteAsync($"data: {JsonSerializer.Serialize(value)}\n\n");
        await context.Response.Body.FlushAsync();
    }
}
