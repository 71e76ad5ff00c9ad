using System.Net;
using System.Net.Sockets;

namespace ParScale.Hub.Transfer;

/// <summary>
/// Where a hub may send us: to other hosts, but not from the open network into a private one, not from https to http, and to nothing that is
/// not a web server.
/// </summary>
/// <param name="endpoint">The hub as the user configured it, who vouches for it.</param>
internal sealed class RedirectPolicy(Uri endpoint)
{
    public const int Most = 5;

    private readonly bool _private = IsPrivate(endpoint);

    /// <summary>Whether a request to this address is one to the hub itself: the same scheme, host and port.</summary>
    public bool IsHub(Uri url) => IsSameOrigin(url, endpoint);

    /// <summary>Whether two addresses have the same scheme, host and port.</summary>
    public static bool IsSameOrigin(Uri a, Uri b) => a.Scheme == b.Scheme && a.Port == b.Port && string.Equals(a.IdnHost, b.IdnHost, StringComparison.OrdinalIgnoreCase);

    /// <summary>The address that an answer leads to.</summary>
    /// <exception cref="ParScaleException">It leads nowhere, or where it may not (HB-12).</exception>
    public Uri Follow(Uri from, Uri? location)
    {
        if (location is null) throw Refuse(from, "to nowhere");
        if (!Uri.TryCreate(from, location, out Uri? to)) throw Refuse(from, "to something that is no address");
        if (to.Scheme is not ("https" or "http")) throw Refuse(from, $"to an address with {ParScaleException.Quote(to.Scheme)}");
        if (to.Scheme == "http" && endpoint.Scheme == "https") throw Refuse(from, $"from https to http on {ParScaleException.Quote(to.Host)}");
        if (to.UserInfo.Length > 0) throw Refuse(from, $"with a user name to {ParScaleException.Quote(to.Host)}");
        if (!_private && IsPrivate(to)) throw Refuse(from, $"into a private network, to {ParScaleException.Quote(to.Host)}");
        return to;
    }

    /// <exception cref="ParScaleException">There were too many redirects (HB-12).</exception>
    public static void RequireFew(int redirects, Uri from)
    {
        if (redirects >= Most) throw Refuse(from, $"more than {Most} times");
    }

    private static ParScaleException Refuse(Uri from, string where) =>
        new(ErrorKind.Network, "HB-12", $"{from.Host} redirects {where}; this is refused. Check HF_ENDPOINT and the proxy");

    // By the address as it is written: names are not looked up, so a name of one's own network is left to whoever runs that.
    private static bool IsPrivate(Uri url)
    {
        string host = url.IdnHost.TrimEnd('.');
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)) return true;
        if (!IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address)) return false;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address)) return true;
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            return address.IsIPv6LinkLocal || address.IsIPv6SiteLocal || address.IsIPv6UniqueLocal || address.Equals(IPAddress.IPv6Any);
        byte[] parts = address.GetAddressBytes();
        return (parts[0], parts[1]) switch
        {
            (0 or 10 or 127, _) or (192, 168) or (169, 254) or (172, >= 16 and <= 31) or (100, >= 64 and <= 127) => true,
            _ => false,
        };
    }
}
