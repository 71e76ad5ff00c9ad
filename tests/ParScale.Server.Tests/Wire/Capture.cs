using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace ParScale.Server.Tests.Wire;

/// <summary>A request that a client has sent, byte for byte: its head, and a body where it has one.</summary>
internal sealed record Capture(string[] Head, byte[] Body)
{
    public string Method => Head[0].Split(' ')[0];

    public string Path => Head[0].Split(' ')[1];

    public bool HasKey => Head.Any(line => line.EndsWith(" test-key", StringComparison.Ordinal));

    /// <summary>Reads <c>NAME.head.txt</c> and <c>NAME.body.json</c>.</summary>
    public static Capture Read(string folder, string name)
    {
        string body = System.IO.Path.Combine(folder, name + ".body.json");
        string[] head = [.. File.ReadLines(System.IO.Path.Combine(folder, name + ".head.txt")).TakeWhile(line => line.Length > 0)];
        return new Capture(head, File.Exists(body) ? File.ReadAllBytes(body) : []);
    }

    /// <summary>Sends it as it is, but for the host, the length, and that the connection ends with the answer.</summary>
    public async Task<CapturedAnswer> Send(Uri server, CancellationToken cancellation)
    {
        string[] own = ["host", "content-length", "connection"];
        var head = new StringBuilder();
        foreach (string line in Head)
            if (!own.Contains(line.Split(':')[0].ToLowerInvariant())) head.Append(line).Append("\r\n");
        head.Append(CultureInfo.InvariantCulture, $"Host: {server.Authority}\r\nConnection: close\r\n");
        if (Method == "POST") head.Append(CultureInfo.InvariantCulture, $"Content-Length: {Body.Length}\r\n");
        using var socket = new TcpClient();
        await socket.ConnectAsync(server.Host, server.Port, cancellation);
        await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(head.Append("\r\n").ToString()), cancellation);
        await socket.GetStream().WriteAsync(Body, cancellation);
        using var answer = new MemoryStream();
        await socket.GetStream().CopyToAsync(answer, cancellation);
        return CapturedAnswer.Parse(answer.ToArray());
    }
}

/// <summary>What came back.</summary>
internal sealed record CapturedAnswer(int Status, string Type, string Text)
{
    public JsonElement Json
    {
        get
        {
            using var json = JsonDocument.Parse(Text);
            return json.RootElement.Clone();
        }
    }

    public static CapturedAnswer Parse(byte[] bytes)
    {
        int end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        Assert.True(end > 0, "no head came back");
        string[] head = Encoding.ASCII.GetString(bytes, 0, end).Split("\r\n");
        string Field(string name) => head.FirstOrDefault(line => line.StartsWith(name + ": ", StringComparison.OrdinalIgnoreCase))?[(name.Length + 2)..] ?? "";
        byte[] body = Field("Transfer-Encoding") == "chunked" ? Whole(bytes.AsSpan(end + 4)) : bytes[(end + 4)..];
        return new CapturedAnswer(int.Parse(head[0].Split(' ')[1], CultureInfo.InvariantCulture), Field("Content-Type"), Encoding.UTF8.GetString(body));
    }

    // Each chunk comes with its length in hexadecimal digits; the last has none.
    private static byte[] Whole(ReadOnlySpan<byte> chunked)
    {
        var whole = new List<byte>();
        while (true)
        {
            int line = chunked.IndexOf("\r\n"u8);
            int length = int.Parse(Encoding.ASCII.GetString(chunked[..line]), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (length == 0) return [.. whole];
            whole.AddRange(chunked.Slice(line + 2, length));
            chunked = chunked[(line + 2 + length + 2)..];
        }
    }
}
