using System.Net.Sockets;
using System.Text;

namespace ParScale.Server.Tests.Http;

/// <summary>What came back over a connection, as text.</summary>
/// <param name="Text">All of it.</param>
/// <param name="Time">Time from the first byte sent to the first one that came.</param>
internal sealed record RawAnswer(string Text, TimeSpan Time)
{
    /// <summary>The first status; 0 when the connection was closed without an answer.</summary>
    public int Status => Text.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(Text.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture) : 0;

    /// <summary>How many answers came.</summary>
    public int Count => Text.Split("HTTP/1.1 ").Length - 1;

    public string Head => Text.Split("\r\n\r\n", 2)[0];

    public string Body => Text.Contains("\r\n\r\n", StringComparison.Ordinal) ? Text.Split("\r\n\r\n", 2)[1] : "";
}

/// <summary>Sends bytes as they are, for requests that no client would make.</summary>
internal static class RawHttp
{
    /// <summary>A request with a body, after which the server closes the connection.</summary>
    public static byte[] Request(string method, string path, byte[] body, string type = "application/json", string more = "") =>
        [.. Encoding.UTF8.GetBytes($"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n{more}\r\n"), .. body];

    /// <summary>Sends parts, with a pause before each but the first, and reads until the server closes the connection.</summary>
    public static async Task<RawAnswer> Send(Uri address, IEnumerable<byte[]> parts, TimeSpan pause = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        using var socket = new TcpClient();
        await socket.ConnectAsync(address.Host, address.Port, limit.Token);
        NetworkStream stream = socket.GetStream();
        Task<RawAnswer> reading = Read(stream, limit.Token);
        try
        {
            bool isFirst = true;
            foreach (byte[] part in parts)
            {
                if (!isFirst && pause > TimeSpan.Zero) await Task.Delay(pause, limit.Token);
                if (reading.IsCompleted) break;
                isFirst = false;
                await stream.WriteAsync(part, limit.Token);
            }
        }
        catch (IOException)
        {
            // The server may refuse before all is sent.
        }
        return await reading;
    }

    private static async Task<RawAnswer> Read(NetworkStream stream, CancellationToken cancellation)
    {
        var bytes = new MemoryStream();
        var buffer = new byte[16384];
        long start = TimeProvider.System.GetTimestamp();
        TimeSpan time = TimeSpan.Zero;
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellation)) > 0)
            {
                if (bytes.Length == 0) time = TimeProvider.System.GetElapsedTime(start);
                bytes.Write(buffer, 0, read);
            }
        }
        catch (IOException)
        {
            // Reset: what came before counts.
        }
        return new RawAnswer(Encoding.UTF8.GetString(bytes.ToArray()), time);
    }
}
