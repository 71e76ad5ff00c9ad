using System.Buffers;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace ParScale.Server.Http;

/// <summary>Server-sent events: one <c>data:</c> line for each value.</summary>
internal sealed class EventStream(HttpContext context) : StreamedAnswer(context, "text/event-stream; charset=utf-8")
{
    /// <summary>Sends a value, as an event of a name if it has one.</summary>
    public async Task Send<T>(T value, JsonTypeInfo<T> type, string? name = null)
    {
        Begin();
        if (name is not null)
        {
            Writer.Write("event: "u8);
            Writer.Write(Encoding.UTF8.GetBytes(name));
            Writer.Write("\n"u8);
        }
        Writer.Write("data: "u8);
        await Write(value, type).ConfigureAwait(false);
        Writer.Write("\n\n"u8);
        await Flush().ConfigureAwait(false);
    }

    /// <summary>Sends the words that end a stream.</summary>
    public async Task Done()
    {
        Begin();
        Writer.Write("data: [DONE]\n\n"u8);
        await Flush().ConfigureAwait(false);
    }
}
