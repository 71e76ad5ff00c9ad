using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace ParScale.Server.Http;

/// <summary>Reads a body as one JSON object, within limits, with no name twice.</summary>
internal static class RequestBody
{
    private const int MostDepth = 64, FirstBytes = 64 << 10;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MostDepth, AllowDuplicateProperties = false };

    /// <summary>The object. Dispose of it when the request is over.</summary>
    /// <exception cref="ApiException">It is too long (413), no JSON (415), malformed, or no object (400).</exception>
    public static async Task<JsonDocument> Read(HttpContext context, long mostBytes)
    {
        HttpRequest request = context.Request;
        RequireJson(request);
        if (request.ContentLength > mostBytes) throw TooLong(mostBytes);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = mostBytes;
        // A length that is only announced takes no more memory than a short body.
        byte[] body = new byte[(int)Math.Min(request.ContentLength + 1 ?? FirstBytes, FirstBytes)];
        int length = 0, read;
        while ((read = await request.Body.ReadAsync(body.AsMemory(length), context.RequestAborted).ConfigureAwait(false)) > 0)
        {
            length += read;
            // Without a server's own limit, as under a test host.
            if (length > mostBytes) throw TooLong(mostBytes);
            if (length == body.Length) Array.Resize(ref body, 2 * length);
        }
        return Parse(body.AsMemory(0, length));
    }

    // A page of any site may have a browser send what forms could: other types, or none. JSON it may not without asking first, which nobody here allows.
    private static void RequireJson(HttpRequest request)
    {
        string type = request.ContentType ?? "";
        bool isJson = MediaTypeHeaderValue.TryParse(type, out MediaTypeHeaderValue? parsed) && (parsed.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || parsed.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase));
        bool isBrowser = request.Headers.ContainsKey(HeaderNames.Origin) || request.Headers.ContainsKey("Sec-Fetch-Site");
        if (isJson || (type.Length == 0 && !isBrowser)) return;
        string what = type.Length == 0 ? "the body has no content type" : $"the body is {ParScaleException.Quote(type)}";
        throw new ApiException(StatusCodes.Status415UnsupportedMediaType, $"{what}; send application/json", "invalid_request_error");
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        UnicodeCheck.RequireUtf8(body.Span);
        JsonDocument json;
        try
        {
            json = JsonDocument.Parse(body, Strict);
        }
        catch (InvalidOperationException)
        {
            // Names are compared as text, and one is none; a parser that does not compare them finds where.
            using JsonDocument lax = JsonDocument.Parse(body, Strict with { AllowDuplicateProperties = true });
            UnicodeCheck.RequireCharacters(body.Span, lax.RootElement);
            throw;
        }
        catch (JsonException e)
        {
            string what = e.Message.Contains("maximum", StringComparison.Ordinal) ? $"is nested more than {MostDepth} deep"
                : e.Message.Contains("uplicate", StringComparison.Ordinal) ? "has a name twice in one object" : "is not JSON";
            throw Malformed($"the body {what} (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1})");
        }
        try
        {
            UnicodeCheck.RequireCharacters(body.Span, json.RootElement);
            return json.RootElement.ValueKind == JsonValueKind.Object ? json : throw Malformed("the body must be a JSON object");
        }
        catch
        {
            json.Dispose();
            throw;
        }
    }

    private static ApiException Malformed(string message) => new(StatusCodes.Status400BadRequest, message, "invalid_request_error");

    private static ApiException TooLong(long most) =>
        new(StatusCodes.Status413PayloadTooLarge, $"the body is longer than {most} bytes", "invalid_request_error");
}
