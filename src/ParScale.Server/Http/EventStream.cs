using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ParScale.Server.Http;

/// <summary>
/// Server-sent events: one <c>data:</c> line for each value. Nothing is sent before the first event, so that what fails earlier is
/// answered with a status of its own.
/// </summary>
internal sealed class EventStream(HttpContext context)
{
    private readonly PipeWriter _writer = context.Response.BodyWriter;

    /// <summary>Whether something was sent: an error can then only be an event.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Sends a value.</summary>
    public async Task Send<T>(T value, JsonTypeInfo<T> type, string? name = null)
    {
        Begin();
        if (name is not null)
        {
            _writer.Write("event: "u8);
            _writer.Write(System.Text.Encoding.UTF8.GetBytes(name));
            _writer.Write("\n"u8);
        }
        _writer.Write("data: "u8);
        await using (var json = new Utf8JsonWriter(_writer, new JsonWriterOptions { Encoder = type.Options.Encoder, SkipValidation = true }))
            JsonSerializer.Serialize(json, value, type);
        _writer.Write("\n\n"u8);
        await _writer.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Sends the words that end a stream.</summary>
    public async Task Done()
    {
        Begin();
        _writer.Write("data: [DONE]\n\n"u8);
        await _writer.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private void Begin()
    {
        if (HasBegun) return;
        HasBegun = true;
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        // A proxy that collects the answer would make a stream of it no more.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
    }
}
