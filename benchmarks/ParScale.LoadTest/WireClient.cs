using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ParScale.LoadTest;

/// <summary>What came of a request.</summary>
/// <param name="Status">The status; 0 when the connection failed.</param>
/// <param name="Text">The text so far.</param>
/// <param name="Complete">Whether the answer came to its end.</param>
/// <param name="FirstToken">Time until the first piece of text.</param>
/// <param name="Error">What went wrong, in words; null when nothing did.</param>
public sealed record WireAnswer(int Status, string Text, bool Complete, TimeSpan FirstToken, string? Error)
{
    /// <summary>Seconds after which the server asks to come back.</summary>
    public double RetryAfter { get; init; }
}

/// <summary>A client of the OpenAI API that leaves when it is told to, and tells apart what clients see.</summary>
public sealed class WireClient(Uri address) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue, UseProxy = false }) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(10) };

    /// <summary>Sends a request and reads its answer.</summary>
    /// <param name="path">The endpoint.</param>
    /// <param name="json">The body.</param>
    /// <param name="leaveAfter">Pieces of a stream after which the client leaves; null stays to the end.</param>
    public async Task<WireAnswer> Ask(string path, string json, int? leaveAfter = null)
    {
        long start = Stopwatch.GetTimestamp();
        bool isStream = json.Contains("\"stream\":true", StringComparison.Ordinal);
        var text = new StringBuilder();
        int status = 0;
        TimeSpan first = default;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
            using HttpResponseMessage answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            status = (int)answer.StatusCode;
            if (status != 200)
            {
                return new WireAnswer(status, "", false, default, await answer.Content.ReadAsStringAsync())
                {
                    RetryAfter = answer.Headers.RetryAfter?.Delta?.TotalSeconds ?? 0,
                };
            }
            if (!isStream)
            {
                text.Append(TextOf(await answer.Content.ReadAsStringAsync()).Text);
                return new WireAnswer(status, text.ToString(), true, Stopwatch.GetElapsedTime(start), null);
            }
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
            int pieces = 0;
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line.Length == 0) continue;
                if (line == "data: [DONE]") return new WireAnswer(status, text.ToString(), true, first, null);
                (string piece, string? error) = TextOf(line["data: ".Length..]);
                if (error is not null) return new WireAnswer(status, text.ToString(), false, first, error);
                if (piece.Length > 0 && first == default) first = Stopwatch.GetElapsedTime(start);
                text.Append(piece);
                if (++pieces == leaveAfter) return new WireAnswer(status, text.ToString(), false, first, null);
            }
            return new WireAnswer(status, text.ToString(), false, first, "the stream ended without [DONE]");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            return new WireAnswer(status, text.ToString(), false, first, e.Message);
        }
    }

    /// <summary>Sends a request and reads its answer as bytes, so that the client costs little beside the server.</summary>
    public async Task Drain(string path, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        using HttpResponseMessage answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        await answer.Content.CopyToAsync(Stream.Null);
    }

    /// <summary>Sends a request, and gives the milliseconds until the first bytes of its answer; the rest is read after that.</summary>
    public async Task<double> FirstByte(HttpMethod method, string path, string? json = null)
    {
        var buffer = new byte[4096];
        using var request = new HttpRequestMessage(method, path) { Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json") };
        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        using Stream body = await answer.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(buffer.AsMemory(0, 1));
        double time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        await body.CopyToAsync(Stream.Null);
        return time;
    }

    /// <summary>A metric of the server, summed over its tags.</summary>
    public async Task<double> Metric(string name) =>
        (await _http.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Split('\n')
            .Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) || line.StartsWith(name + " ", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    public void Dispose() => _http.Dispose();

    private static (string Text, string? Error) TextOf(string json)
    {
        using var body = JsonDocument.Parse(json);
        if (body.RootElement.TryGetProperty("error", out JsonElement error)) return ("", error.GetRawText());
        JsonElement choices = body.RootElement.GetProperty("choices");
        if (choices.GetArrayLength() == 0) return ("", null);
        JsonElement choice = choices[0];
        if (choice.TryGetProperty("delta", out JsonElement delta) || choice.TryGetProperty("message", out delta))
            return (delta.TryGetProperty("content", out JsonElement content) ? content.GetString() ?? "" : "", null);
        return (choice.GetProperty("text").GetString() ?? "", null);
    }
}
