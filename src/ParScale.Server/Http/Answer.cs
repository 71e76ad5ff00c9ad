using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ParScale.Server.Http;

/// <summary>Writes whole answers and errors.</summary>
internal static class Answer
{
    private const int LongestReason = 200;

    /// <summary>A JSON body with status 200.</summary>
    public static Task Json<T>(HttpContext context, T value, JsonTypeInfo<T> type) => Write(context, StatusCodes.Status200OK, JsonSerializer.SerializeToUtf8Bytes(value, type));

    /// <summary>An error in an API's shape, with the status and headers that belong to it.</summary>
    public static Task Error(HttpContext context, ApiException e, ErrorShape shape)
    {
        if (e.RetryAfter is { } seconds) context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        // What OpenAI's clients look at first.
        if (e.IsFinal) context.Response.Headers["x-should-retry"] = "false";
        if (e.Status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer";
        if (shape.IsToldByReason && context.Features.Get<IHttpResponseFeature>() is { } response) response.ReasonPhrase = Reason(e.Message);
        return Write(context, e.Status, shape.Body(e));
    }

    // What may stand in a status line.
    private static string Reason(string message)
    {
        string line = string.Concat(message.Select(c => c is >= ' ' and <= '~' ? c : '?'));
        return line.Length > LongestReason ? line[..LongestReason] : line;
    }

    private static async Task Write(HttpContext context, int status, byte[] body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }
}
