using System.Net;
using Microsoft.AspNetCore.Http;
using ParScale.Server.Http;

namespace ParScale.Server.Hosting;

/// <summary>
/// Refuses requests that address the server by a name that is not its own. A web page can give its own name the address of the reader's
/// machine; without this check it could then talk to a server there.
/// </summary>
internal static class HostCheck
{
    /// <summary>Lets a request pass or not. Load balancers and the like ask for health by the server's address, which no page can take as its name.</summary>
    /// <param name="request">The request.</param>
    /// <param name="options">The hosts that are served.</param>
    /// <param name="anyAddress">Whether every IP address is one of ours, not only those of loopback.</param>
    /// <exception cref="ApiException">The host is not one of ours (403).</exception>
    public static void Require(HttpRequest request, ServerOptions options, bool anyAddress)
    {
        if (options.AllowedHosts.Count == 0 && options.ApiKeys.Count > 0) return;
        string host = request.Host.Host;
        bool own = host.Length == 0 || host.TrimEnd('.').Equals("localhost", StringComparison.OrdinalIgnoreCase) || options.AllowedHosts.Contains(host, StringComparer.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && (anyAddress || IPAddress.IsLoopback(address)));
        if (!own) throw new ApiException(StatusCodes.Status403Forbidden, $"the host {ParScaleException.Quote(host)} is not served; see --allow-host", "invalid_request_error");
    }
}
