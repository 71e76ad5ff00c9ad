using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ParScale.Server.Http;

/// <summary>
/// An answer that is sent in parts as they come. Nothing is sent before the first part, so that what fails earlier is answered with a
/// status of its own.
/// </summary>
internal abstract class StreamedAnswer(HttpContext context, string contentType)
{
    /// <summary>Whether something was sent: an error can then only be a part of the answer.</summary>
    public bool HasBegun { get; private set; }

    protected PipeWriter Writer { get; } = context.Response.BodyWriter;

    protected void Begin()
    {
        if (HasBegun) return;
        HasBegun = true;
        context.Response.ContentType = contentType;
        context.Response.Headers.CacheControl = "no-cache";
        // A proxy that collects the answer would make a stream of it no more.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
    }

    protected async Task Write<T>(T value, JsonTypeInfo<T> type)
    {
        await using var json = new Utf8JsonWriter(Writer, new JsonWriterOptions { Encoder = type.Options.Encoder, SkipValidation = true });
        JsonSerializer.Serialize(json, value, type);
    }

    protected async Task Flush() => await Writer.FlushAsync(context.RequestAborted).ConfigureAwait(false);
}
