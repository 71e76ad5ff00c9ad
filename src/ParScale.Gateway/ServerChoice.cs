using System.IO.Hashing;
using System.Text;

namespace ParScale.Gateway;

/// <summary>
/// Chooses a server for each request: the one where its prompt's beginning belongs, unless that one has many more requests than the least
/// loaded; then the next where it belongs. Every gateway with the same servers chooses alike, and a server that comes or goes moves
/// only the prompts that belong to it (rendezvous hashing).
/// </summary>
/// <param name="servers">All servers.</param>
/// <param name="mostAhead">Requests that a server may have more than the least loaded, and still be chosen for a prompt's beginning.</param>
internal sealed class ServerChoice(IReadOnlyList<UpstreamServer> servers, int mostAhead)
{
    private readonly byte[][] _names = [.. servers.Select(server => Encoding.UTF8.GetBytes(server.Name))];
    private int _turn;

    /// <summary>A server that takes requests and was not tried yet; null when there is none.</summary>
    /// <param name="prefix">How the prompt begins; null chooses by load alone.</param>
    /// <param name="tried">Servers that had their chance.</param>
    public UpstreamServer? Next(ulong? prefix, IReadOnlyCollection<UpstreamServer> tried)
    {
        // One look at each: other requests move the counts meanwhile.
        var open = new List<(UpstreamServer Server, int Running, ulong Rank)>(servers.Count);
        int first = Interlocked.Increment(ref _turn) & int.MaxValue;
        for (int i = 0; i < servers.Count; i++)
        {
            // Servers with equal load take turns.
            int place = (first + i) % servers.Count;
            UpstreamServer server = servers[place];
            if (!server.IsReady || tried.Contains(server)) continue;
            open.Add((server, server.Running, prefix is { } seed ? XxHash3.HashToUInt64(_names[place], unchecked((long)seed)) : 0));
        }
        if (open.Count == 0) return null;
        int least = open.Min(one => one.Running);
        return prefix is null
            ? open.First(one => one.Running == least).Server
            : open.OrderByDescending(one => one.Rank).First(one => one.Running - least <= mostAhead).Server;
    }
}
