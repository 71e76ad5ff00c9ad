namespace ParScale.Gateway;

/// <summary>One server behind the gateway: where it is, whether it takes requests, and how many of ours it has. Safe to use from several threads.</summary>
internal sealed class UpstreamServer
{
    private int _running;
    private volatile bool _isReady;

    private UpstreamServer(Uri address) => Address = address;

    /// <summary>Its address: scheme, host and port.</summary>
    public Uri Address { get; }

    /// <summary>Host and port, by which metrics and notes name it.</summary>
    public string Name => Address.Authority;

    /// <summary>Requests of the gateway that it has.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Whether it takes requests, as far as is known: what it answered last, or that it did not.</summary>
    public bool IsReady
    {
        get => _isReady;
        set => _isReady = value;
    }

    /// <summary>A request is its own until the result is disposed of.</summary>
    public IDisposable Take()
    {
        Interlocked.Increment(ref _running);
        return new Place(this);
    }

    /// <summary>Reads addresses as <c>--to</c> gives them.</summary>
    /// <exception cref="ParScaleException">There is none, or one is no address of a server, or given twice (GW-01).</exception>
    public static IReadOnlyList<UpstreamServer> Read(IReadOnlyList<string> addresses)
    {
        if (addresses.Count == 0) throw Wrong("names no server");
        var servers = new List<UpstreamServer>();
        foreach (string text in addresses)
        {
            string shown = ParScaleException.Quote(text);
            if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https") || address.Host.Length == 0)
                throw Wrong($"is {shown}");
            if (address.UserInfo.Length > 0) throw Wrong($"is {shown}, with a name or password in it; keys go through as clients send them");
            if (address.AbsolutePath != "/" || address.Query.Length > 0 || address.Fragment.Length > 0)
                throw Wrong($"is {shown}, with a path after the port; servers are addressed at their root");
            if (servers.Any(server => server.Address == address)) throw Wrong($"names {shown} twice");
            servers.Add(new UpstreamServer(address));
        }
        return servers;
    }

    private static ParScaleException Wrong(string what) =>
        ParScaleException.Usage("GW-01", $"--to {what}; give the address of a server, such as http://127.0.0.1:8081, for each");

    private sealed class Place(UpstreamServer server) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0) Interlocked.Decrement(ref server._running);
        }
    }
}
