using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ParScale.TestSupport.Hub;

/// <summary>A web server on loopback that can answer wrongly in every way; one answer for each connection.</summary>
internal sealed class FakeHost : IDisposable
{
    private const int PieceBytes = 1 << 16;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<FakeRequest, FakeAnswer> _answer;
    private readonly bool _isHub;

    public FakeHost(bool isHub, Func<FakeRequest, FakeAnswer> answer)
    {
        (_isHub, _answer) = (isHub, answer);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        CancellationToken stop = _stop.Token;
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(stop);
                _ = Task.Run(() => ServeAsync(client, stop), stop);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client, CancellationToken stop)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                NetworkStream stream = client.GetStream();
                if (await ReadAsync(stream, stop) is not { } request) return;
                await WriteAsync(stream, request, _answer(request), stop);
                // Let the client read everything before the socket goes.
                client.Client.Shutdown(SocketShutdown.Send);
                await DrainAsync(stream, stop);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The client has gone, or the server has.
            }
        }
    }

    private async Task<FakeRequest?> ReadAsync(NetworkStream stream, CancellationToken stop)
    {
        using var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
        string? line = await reader.ReadLineAsync(stop);
        if (line is null) return null;
        string[] parts = line.Split(' ');
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(stop) is { Length: > 0 } header)
        {
            int colon = header.IndexOf(':', StringComparison.Ordinal);
            headers[header[..colon]] = header[(colon + 1)..].Trim();
        }
        return new FakeRequest(parts[0], parts[1], headers, _isHub);
    }

    private static async Task WriteAsync(NetworkStream stream, FakeRequest request, FakeAnswer answer, CancellationToken stop)
    {
        var head = new StringBuilder();
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {answer.Status} -\r\nConnection: close\r\n");
        long announced = answer.Announced ?? answer.Body.Length;
        if (announced >= 0 && !answer.Headers.ContainsKey("Content-Length")) head.Append(CultureInfo.InvariantCulture, $"Content-Length: {announced}\r\n");
        foreach ((string name, string value) in answer.Headers) head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        head.Append("\r\n");
        await stream.WriteAsync(Encoding.Latin1.GetBytes(head.ToString()), stop);
        if (request.Method == "HEAD") return;
        int length = Math.Min(answer.Body.Length, answer.CutAfter ?? answer.StallAfter ?? int.MaxValue);
        for (int at = 0; at < length; at += PieceBytes)
        {
            if (answer.BeforePiece is { } wait) await wait();
            await stream.WriteAsync(answer.Body.AsMemory(at, Math.Min(PieceBytes, length - at)), stop);
        }
        if (answer.StallAfter is not null) await DrainAsync(stream, stop);
        while (answer.Endless) await stream.WriteAsync(new byte[PieceBytes], stop);
    }

    private static async Task DrainAsync(NetworkStream stream, CancellationToken stop)
    {
        byte[] buffer = new byte[1024];
        while (await stream.ReadAsync(buffer, stop) > 0)
        {
            // Until the client closes.
        }
    }
}
