using System.Globalization;
using System.Text;

namespace ParScale.Server.Tests.Http;

/// <summary>A request that is wrong in one way, and what it must be answered.</summary>
/// <param name="Name">Which row of the catalogue, and how it is wrong.</param>
/// <param name="Status">The status.</param>
/// <param name="Parts">What is sent, in parts.</param>
/// <param name="Param">The field that the error names.</param>
internal sealed record HttpRow(string Name, int Status, IEnumerable<byte[]> Parts, string? Param = null)
{
    private const string Chat = "/v1/chat/completions", Hello = """ "messages": [{"role": "user", "content": "hello"}], "max_tokens": 4 """;

    /// <summary>Whether the web server refuses it before any endpoint sees it: such an answer has no body.</summary>
    public bool IsOfWebServer { get; init; }

    /// <summary>The code of the error.</summary>
    public string? Code { get; init; }

    /// <summary>A word that the answer must hold.</summary>
    public string? Holds { get; init; }

    /// <summary>Time between the parts.</summary>
    public TimeSpan Pause { get; init; }

    public static IEnumerable<HttpRow> All() => [.. Bodies(), .. Sizes(), .. Messages(), .. Numbers(), .. Names(), .. Protocol()];

    private static HttpRow Post(string name, int status, string body, string? param = null, string path = Chat) => new(name, status, [RawHttp.Request("POST", path, Encoding.UTF8.GetBytes(body))], param);

    private static HttpRow With(string name, string fields, string? param) => Post(name, 400, $$"""{ {{Hello}}, {{fields}} }""", param);

    private static HttpRow[] Bodies() =>
    [
        Post("HT-01 empty", 400, ""),
        Post("HT-01 not JSON", 400, "hello"),
        Post("HT-01 cut", 400, """{"messages": [{"role": "user", "content": "he"""),
        Post("HT-01 text after it", 400, $$"""{ {{Hello}} } x"""),
        Post("HT-01 a comma too many", 400, $$"""{ {{Hello}}, }"""),
        Post("HT-01 a comment", 400, $$"""{ {{Hello}} /* x */ }"""),
        Post("HT-01 a byte order mark", 400, $$"""{{'\uFEFF'}}{ {{Hello}} }"""),
        Post("HT-01 a list", 400, "[]"),
        Post("HT-01 null", 400, "null"),
        new("HT-01 UTF-16", 400, [RawHttp.Request("POST", Chat, Encoding.Unicode.GetBytes($$"""{ {{Hello}} }"""))]),
        new("HT-01 bytes that are not UTF-8", 400, [RawHttp.Request("POST", Chat, [.. "{\"messages\": [{\"role\": \"user\", \"content\": \""u8, 0xC3, 0x28, 0xFF, .. "\"}]}"u8])]),
        new("HT-01 text/plain", 415, [RawHttp.Request("POST", Chat, "{}"u8.ToArray(), "text/plain")]),
        new("HT-01 a form", 415, [RawHttp.Request("POST", Chat, "{}"u8.ToArray(), "application/x-www-form-urlencoded")]),
        Post("HT-02 3,000 deep", 400, """{"tools": """ + new string('[', 3000) + new string(']', 3000) + "}"),
        Post("HT-03 messages twice", 400, $$"""{ {{Hello}}, {{Hello}} }""") with { Holds = "twice" },
        Post("HT-03 role twice", 400, """{"messages": [{"role": "user", "role": "system", "content": "x"}]}""") with { Holds = "twice" },
        Post("HT-27 half a surrogate pair", 400, """{"messages": [{"role": "user", "content": "a\ud800b"}]}""", "messages[0].content"),
        Post("HT-27 the other half", 400, """{"messages": [{"role": "user", "content": "\uDC00\uD800"}]}""", "messages[0].content"),
        Post("HT-27 in a name", 400, """{"messages": [{"role": "user", "content": "x", "\ud800": 1}]}""", "messages[0]"),
        Post("HT-27 in a tool", 400, $$"""{ {{Hello}}, "tools": [{"type": "function", "function": {"name": "a", "description": "\udfff"} }] }""", "tools[0].function.description"),
        Post("HT-27 a whole pair", 200, """{"messages": [{"role": "user", "content": "\ud83d\ude00"}], "max_tokens": 2}"""),
        Post("HT-27 NUL", 200, """{"messages": [{"role": "user", "content": "a\u0000b"}], "max_tokens": 2}"""),
    ];

    private static HttpRow[] Sizes() =>
    [
        new("HT-04 5 MiB, before any of it is sent", 413, [Encoding.ASCII.GetBytes($"POST {Chat} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {5 << 20}\r\n\r\n")]),
        new("HT-05 chunks without an end", 413, Endless()),
        new("HT-06 a header of 64 KB", 431, [RawHttp.Request("POST", Chat, [], more: $"X-Long: {new string('x', 64 << 10)}\r\n")]) { IsOfWebServer = true },
        new("HT-06 200 headers", 431, [RawHttp.Request("POST", Chat, [], more: string.Concat(Enumerable.Range(0, 200).Select(i => $"X-{i}: x\r\n")))]) { IsOfWebServer = true },
        new("HT-06 a long path", 414, [RawHttp.Request("POST", "/" + new string('x', 16 << 10), [])]) { IsOfWebServer = true },
        Post("HT-08 10,000 messages", 400, $$"""{"messages": [{{string.Join(',', Enumerable.Repeat("""{"role": "user", "content": "x"}""", 10_000))}}]}""", "messages"),
        Post("HT-09 a long prompt", 400, $$"""{"messages": [{"role": "user", "content": "{{new string('x', 2000)}}"}]}""", "messages") with { Code = "context_length_exceeded", Holds = $"context is {ChatModel.Context}" },
        Post("HT-09 the same, streamed", 400, $$"""{"messages": [{"role": "user", "content": "{{new string('x', 2000)}}"}], "stream": true}""", "messages") with { Code = "context_length_exceeded" },
        Post("HT-09 of ids", 400, $$"""{"prompt": [{{string.Join(',', Enumerable.Repeat("1", ChatModel.Context))}}]}""", "prompt", "/v1/completions") with { Code = "context_length_exceeded" },
        new("HT-29 a byte a second", 408, [RawHttp.Request("POST", Chat, new byte[100])[..^100], .. Enumerable.Repeat(" "u8.ToArray(), 100)]) { Pause = TimeSpan.FromSeconds(1) },
    ];

    private static HttpRow[] Messages() =>
    [
        Post("HT-07 none", 400, "{}", "messages"),
        Post("HT-07 null", 400, """{"messages": null}""", "messages"),
        Post("HT-07 a text", 400, """{"messages": "x"}""", "messages"),
        Post("HT-07 empty", 400, """{"messages": []}""", "messages"),
        Post("HT-07 a number in it", 400, """{"messages": [1]}""", "messages[0]"),
        Post("HT-07 no role", 400, """{"messages": [{}]}""", "messages[0].role"),
        Post("HT-07 role 1", 400, """{"messages": [{"role": 1, "content": "x"}]}""", "messages[0].role"),
        Post("HT-07 an unknown role", 400, """{"messages": [{"role": "user", "content": "x"}, {"role": "king", "content": "x"}]}""", "messages[1].role"),
        Post("HT-07 content 1", 400, """{"messages": [{"role": "user", "content": 1}]}""", "messages[0].content"),
        Post("HT-16 id -1", 400, """{"prompt": [-1]}""", "prompt[0]", "/v1/completions"),
        Post("HT-16 id beyond the vocabulary", 400, """{"prompt": [1, 99999999]}""", "prompt[1]", "/v1/completions"),
        Post("HT-16 ids and texts", 400, """{"prompt": [1, "x"]}""", "prompt[0]", "/v1/completions"),
        Post("HT-16 empty", 400, """{"prompt": []}""", "prompt", "/v1/completions"),
        Post("HT-16 an empty list in it", 400, """{"prompt": [[]]}""", "prompt", "/v1/completions"),
        Post("HT-20 an address of the cloud", 400, """{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://169.254.169.254/latest"}}]}]}""", "messages[0].content[0].type"),
        Post("HT-20 a file", 400, """{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]}]}""", "messages[0].content[0].type"),
    ];

    private static HttpRow[] Numbers() =>
    [
        .. new[] { "0", "-2", "2147483648", "1.5", "\"10\"", "1e400" }.Select(value => Post($"HT-10 max_tokens {value}", 400, $$"""{"messages": [{"role": "user", "content": "x"}], "max_tokens": {{value}} }""", "max_tokens")),
        .. new[] { "0", "-1", "1000000000", "9" }.Select(value => With($"HT-11 n {value}", $"\"n\": {value}", "n")),
        .. new[] { "-1", "1e999", "\"1\"", "101" }.Select(value => With($"HT-12 temperature {value}", $"\"temperature\": {value}", "temperature")),
        With("HT-12 NaN", "\"temperature\": NaN", null),
        With("HT-12 top_p 0", "\"top_p\": 0", "top_p"),
        With("HT-12 top_p 2", "\"top_p\": 2", "top_p"),
        With("HT-12 top_k -5", "\"top_k\": -5", "top_k"),
        With("HT-12 presence_penalty 99", "\"presence_penalty\": 99", "presence_penalty"),
        With("HT-12 frequency_penalty 99", "\"frequency_penalty\": 99", "frequency_penalty"),
        With("HT-12 repetition_penalty 0", "\"repetition_penalty\": 0", "repetition_penalty"),
        With("HT-13 1,000 stops", $"\"stop\": [{string.Join(',', Enumerable.Repeat("\"x\"", 1000))}]", "stop"),
        With("HT-13 an empty stop", "\"stop\": [\"x\", \"\"]", "stop"),
        With("HT-13 a stop of 1 MB", $"\"stop\": \"{new string('x', 1 << 20)}\"", "stop"),
        With("HT-14 a bias of no token", "\"logit_bias\": {\"x\": 1}", "logit_bias"),
        With("HT-14 300,000 biases", $"\"logit_bias\": {{{string.Join(',', Enumerable.Range(0, 300_000).Select(i => string.Create(CultureInfo.InvariantCulture, $"\"{i}\":1")))}}}", "logit_bias"),
        With("HT-14 a bias of 1e9", "\"logit_bias\": {\"1\": 1e9}", "logit_bias.1"),
        With("HT-15 top_logprobs 1,000,000", "\"logprobs\": true, \"top_logprobs\": 1000000", "top_logprobs"),
        With("HT-17 seed 2^70", "\"seed\": 1180591620717411303424", "seed"),
        With("HT-19 a bad schema", """ "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "strin"} } } """, "response_format"),
        With("HT-19 a pattern that cannot be enforced", """ "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "string", "pattern": "(a+)\\1"} } } """, "response_format"),
        With("HT-19 a schema 1,000 deep", $$"""
            "response_format": {"type": "json_schema", "json_schema": {"schema": {{string.Concat(Enumerable.Repeat("""{"items":""", 1000))}}{{{new string('}', 1001)}} } }
            """, null),
    ];

    private static HttpRow[] Names() =>
    [
        Post("HT-18 an unknown model", 404, $$"""{ {{Hello}}, "model": "other" }""", "model") with { Code = "model_not_found" },
        Post("HT-18 an unknown model of Ollama's", 404, $$"""{ {{Hello}}, "model": "other" }""", path: "/api/chat"),
        Post("HT-22 two slashes", 404, $$"""{ {{Hello}} }""", path: "//v1/chat/completions"),
        Post("HT-22 encoded slashes", 404, $$"""{ {{Hello}} }""", path: "/v1%2Fchat%2Fcompletions"),
        Post("HT-22 dots", 404, $$"""{ {{Hello}} }""", path: "/v1/../chat/completions"),
        new("HT-24 a request id with line ends", 400, [RawHttp.Request("POST", Chat, "{}"u8.ToArray(), more: "X-Request-Id: mine%0d%0aSet-Cookie: a\r\n")], "messages"),
        new("HT-25 PUT", 405, [RawHttp.Request("PUT", Chat, "{}"u8.ToArray())]) { Holds = "POST" },
        new("HT-25 TRACE", 405, [RawHttp.Request("TRACE", Chat, [])]) { Holds = "POST" },
        new("HT-25 DELETE", 405, [RawHttp.Request("DELETE", "/v1/models", [])]) { Holds = "GET" },
        new("HT-25 a method of nobody", 405, [RawHttp.Request("BREW", "/v1/models", [])]) { Holds = "GET" },
    ];

    private static HttpRow[] Protocol() =>
    [
        new("HT-26 a length and chunks", 400, [Encoding.ASCII.GetBytes($"POST {Chat} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")]),
        new("HT-26 a line end in a chunk's extension", 400, [Encoding.ASCII.GetBytes($"POST {Chat} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1;\nxx\r\n45\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n")]),
        new("HT-26 two lengths", 400, [Encoding.ASCII.GetBytes($"POST {Chat} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 30\r\n\r\n{{}}")]) { IsOfWebServer = true },
        new("HT-26 no host", 400, [Encoding.ASCII.GetBytes($"POST {Chat} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}")]) { IsOfWebServer = true },
        new("HT-26 no HTTP", 400, ["hello\r\n\r\n"u8.ToArray()]) { IsOfWebServer = true },
    ];

    private static IEnumerable<byte[]> Endless()
    {
        yield return Encoding.ASCII.GetBytes($"POST {Chat} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        byte[] chunk = [.. "10000\r\n"u8, .. Enumerable.Repeat((byte)' ', 0x10000), .. "\r\n"u8];
        while (true) yield return chunk;
    }
}
