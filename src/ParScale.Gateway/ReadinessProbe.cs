namespace ParScale.Gateway;

/// <summary>Asks every server again and again whether it takes requests (<c>GET /ready</c>).</summary>
internal sealed class ReadinessProbe(IReadOnlyList<UpstreamServer> servers, HttpMessageInvoker client) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    /// <summary>Asks all once, and goes on in the background.</summary>
    public async Task Start()
    {
        await Task.WhenAll(servers.Select(Ask)).ConfigureAwait(false);
        // Each at its own pace: one that does not answer holds no other up.
        _loop = Task.WhenAll(servers.Select(Watch));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task Watch(UpstreamServer server)
    {
        using var timer = new PeriodicTimer(Pause);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false)) await Ask(server).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The gateway is being stopped.
        }
    }

    private async Task Ask(UpstreamServer server)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        patience.CancelAfter(Patience);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Address, "/ready"));
            using HttpResponseMessage answer = await client.SendAsync(request, patience.Token).ConfigureAwait(false);
            server.IsReady = answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            server.IsReady = false;
        }
    }
}
