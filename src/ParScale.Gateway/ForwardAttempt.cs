using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ParScale.Server.Hosting;
using ParScale.Server.Http;
using Yarp.ReverseProxy.Forwarder;

namespace ParScale.Gateway;

/// <summary>
/// One try to have a request answered by one server. What the server answers goes to the client, but for an answer that another server
/// may better; a stream goes event by event or line by line, so that one that breaks off ends with an error that clients understand.
/// </summary>
/// <param name="server">The server.</param>
/// <param name="hasOther">Whether another server could be tried.</param>
/// <param name="scope">The request.</param>
internal sealed class ForwardAttempt(UpstreamServer server, Func<bool> hasOther, RequestScope scope) : HttpTransformer
{
    /// <summary>The header that names a request; the server's stands in an answer, ours in an error of our own.</summary>
    public const string RequestId = "x-request-id";

    private const string Events = "text/event-stream", Lines = "application/x-ndjson";

    /// <summary>Whether the server said that it is full or stopping, and nothing was sent to the client.</summary>
    public bool WasTurnedAway { get; private set; }

    /// <summary>Whether the server was lost while it answered.</summary>
    public bool WasCut { get; private set; }

    /// <summary>Whether the client left, the time was over or the gateway was stopped while a stream was passed on.</summary>
    public bool WasStopped { get; private set; }

    /// <inheritdoc/>
    public override async ValueTask TransformRequestAsync(HttpContext context, HttpRequestMessage request, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(context, request, destinationPrefix, cancellationToken).ConfigureAwait(false);
        // The server is addressed by its own name; how the client addressed us stands beside it. What clients claim about themselves does not.
        request.Headers.Host = null;
        Set(request, "X-Forwarded-For", context.Connection.RemoteIpAddress?.ToString());
        Set(request, "X-Forwarded-Host", context.Request.Host.ToUriComponent());
        Set(request, "X-Forwarded-Proto", context.Request.Scheme);
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> TransformResponseAsync(HttpContext context, HttpResponseMessage? response, CancellationToken cancellationToken)
    {
        if (response is null) return await base.TransformResponseAsync(context, response, cancellationToken).ConfigureAwait(false);
        bool isStopping = response.StatusCode == HttpStatusCode.ServiceUnavailable;
        if (isStopping) server.IsReady = false;
        WasTurnedAway = (isStopping || response.StatusCode == HttpStatusCode.TooManyRequests) && hasOther();
        if (WasTurnedAway) return false;
        if (response.Headers.Contains(RequestId)) context.Response.Headers.Remove(RequestId);
        await base.TransformResponseAsync(context, response, cancellationToken).ConfigureAwait(false);
        string? type = response.Content.Headers.ContentType?.MediaType;
        if (type is not (Events or Lines)) return true;
        await CopyStream(context, response, isEvents: type == Events, cancellationToken).ConfigureAwait(false);
        return false;
    }

    private async Task CopyStream(HttpContext context, HttpResponseMessage response, bool isEvents, CancellationToken cancellation)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        scope.WhenCut = e => TellOfEnd(context, isEvents, e);
        PipeReader events = PipeReader.Create(await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false));
        try
        {
            while (true)
            {
                ReadResult read = await events.ReadAsync(cancellation).ConfigureAwait(false);
                SequencePosition end = read.IsCompleted ? read.Buffer.End : EndOfLastPart(read.Buffer, isEvents);
                foreach (ReadOnlyMemory<byte> part in read.Buffer.Slice(0, end)) context.Response.BodyWriter.Write(part.Span);
                await context.Response.BodyWriter.FlushAsync(cancellation).ConfigureAwait(false);
                events.AdvanceTo(end, read.Buffer.End);
                if (read.IsCompleted) break;
            }
            await events.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            WasStopped = e is OperationCanceledException || cancellation.IsCancellationRequested;
            if (WasStopped) return;
            (WasCut, server.IsReady) = (true, false);
            // Before the first byte another server can answer; after it the client is told.
            if (context.Response.HasStarted) await TellOfEnd(context, isEvents, ApiException.Unavailable("the server that answered was lost; send the request again", 1)).ConfigureAwait(false);
        }
    }

    // As the API of the stream tells of errors: OpenAI's by an event, Ollama's by a line.
    private static async Task TellOfEnd(HttpContext context, bool isEvents, ApiException e)
    {
        PipeWriter to = context.Response.BodyWriter;
        if (isEvents) to.Write("data: "u8);
        to.Write((isEvents ? ErrorShape.OpenAi : ErrorShape.Ollama).Body(e));
        to.Write(isEvents ? "\n\n"u8 : "\n"u8);
        await to.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    // Only whole events or lines are passed on: half of one could not be followed by another.
    private static SequencePosition EndOfLastPart(ReadOnlySequence<byte> buffer, bool isEvents)
    {
        var reader = new SequenceReader<byte>(buffer);
        SequencePosition end = buffer.Start;
        while (reader.TryReadTo(out ReadOnlySequence<byte> _, isEvents ? "\n\n"u8 : "\n"u8, advancePastDelimiter: true)) end = reader.Position;
        return end;
    }

    private static void Set(HttpRequestMessage request, string name, string? value)
    {
        request.Headers.Remove(name);
        if (!string.IsNullOrEmpty(value)) request.Headers.TryAddWithoutValidation(name, value);
    }
}
