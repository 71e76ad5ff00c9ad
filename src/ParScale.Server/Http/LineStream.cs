using System.Buffers;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace ParScale.Server.Http;

/// <summary>One JSON value a line, as Ollama streams.</summary>
internal sealed class LineStream(HttpContext context) : StreamedAnswer(context, "application/x-ndjson")
{
    /// <summary>Sends a value.</summary>
    public async Task Send<T>(T value, JsonTypeInfo<T> type)
    {
        Begin();
        await Write(value, type).ConfigureAwait(false);
        Writer.Write("\n"u8);
        await Flush().ConfigureAwait(false);
    }
}
