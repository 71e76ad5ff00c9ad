using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ParScale.LoadTest;

/// <summary>A gateway before three servers.</summary>
internal static class GatewayRun
{
    private const int Servers = 3, Clients = 12, Requests = 60;
    private static readonly TimeSpan BetweenKills = TimeSpan.FromSeconds(10), Dead = TimeSpan.FromSeconds(3);

    public static async Task Run(string tool, TimeSpan time)
    {
        int[] ports = FreePorts();
        Task<ServerProcess> Serve(int i) => ServerProcess.Start(tool, "serve", "--threads", "1", "--chat-template", "chatml", "--port", ports[i].ToString(CultureInfo.InvariantCulture));
        ServerProcess[] servers = [await Serve(0), await Serve(1), await Serve(2)];
        await using ServerProcess gateway = await ServerProcess.Start(tool, ["gateway", "--to", .. servers.Select(server => server.Address.ToString())]);
        using WireClient direct = new(servers[0].Address), through = new(gateway.Address);
        await FirstToken(direct, through);

        // Every text is known before anything is killed.
        SoakRequest[] all = [.. Enumerable.Range(0, Requests * 3).Select(number => new SoakRequest(number)).Where(request => !request.Solo.Contains("\"streams\":2", StringComparison.Ordinal))];
        string[] solo = new string[all.Length];
        for (int i = 0; i < all.Length; i++) solo[i] = (await direct.Ask(all[i].Path, all[i].Solo)).Text;

        int whole = 0, begun = 0, busy = 0;
        ConcurrentQueue<string> wrong = [], lost = [];
        var clock = Stopwatch.StartNew();
        async Task Client(int number)
        {
            var random = new Random(number);
            while (clock.Elapsed < time)
            {
                int i = random.Next(all.Length);
                bool stream = random.Next(2) == 0;
                WireAnswer answer = await through.Ask(all[i].Path, all[i].Body(stream));
                if (answer.Complete && answer.Text != solo[i]) wrong.Enqueue($"<{answer.Text}>, alone <{solo[i]}>");
                else if (answer.Complete) Interlocked.Increment(ref whole);
                else if (answer.Status is 429 or 503) Interlocked.Increment(ref busy);
                else if (stream && answer.Status == 200) Interlocked.Increment(ref begun);
                else lost.Enqueue($"{answer.Status} {answer.Error}");
            }
        }
        Task running = Task.WhenAll(Enumerable.Range(0, Clients).Select(Client));
        int kills = 0;
        while (!running.IsCompleted)
        {
            await Task.WhenAny(running, Task.Delay(BetweenKills - Dead));
            if (running.IsCompleted) break;
            int victim = kills++ % Servers;
            servers[victim].Kill();
            await Task.WhenAny(running, Task.Delay(Dead));
            servers[victim] = await Serve(victim);
        }
        await running;
        Console.WriteLine($"{kills} kills: {whole} whole, {begun} lost after they had begun to stream, {lost.Count} lost before, {busy} told to come back, {wrong.Count} wrong");
        foreach (string line in lost.Concat(wrong).Take(10)) Console.WriteLine(line);
        foreach (ServerProcess server in servers) await server.DisposeAsync();
    }

    // In turns, so that whatever else the machine does hits both alike.
    private static async Task FirstToken(WireClient direct, WireClient through)
    {
        const int Rounds = 3, Each = 500;
        string request = Speed.Request(null, "first", 1);
        var added = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            double alone = await Speed.Median(Each, () => direct.FirstByte(HttpMethod.Post, "/v1/completions", request)), behind = await Speed.Median(Each, () => through.FirstByte(HttpMethod.Post, "/v1/completions", request));
            Console.WriteLine($"a first token: {alone:F3} ms from the server, {behind:F3} ms through the gateway");
            added.Add(behind - alone);
        }
        Console.WriteLine($"the gateway adds {added.Order().ElementAt(Rounds / 2):F3} ms (median of {Rounds} rounds of {Each})");
    }

    private static int[] FreePorts()
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, Servers).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners) listener.Start();
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners) listener.Dispose();
        return ports;
    }
}
