using System.Collections.Concurrent;
using System.Diagnostics;

namespace ParScale.LoadTest;

/// <summary>How a soak went.</summary>
/// <param name="Whole">Answers that came to their end.</param>
/// <param name="Cut">Streams that the client left, each after a random number of pieces.</param>
/// <param name="TurnedAway">Answers 429 and 503, with Retry-After.</param>
/// <param name="Wrong">Texts that differ from the solo run; the first of them.</param>
/// <param name="Errors">Other failures; the first of them.</param>
/// <param name="LeftBehind">Sequences and requests that the server still had when all clients were gone.</param>
/// <param name="MemoryMiB">The server's resident memory, once a second.</param>
/// <param name="ExitCode">What the server ended with when it was told to stop.</param>
public sealed record SoakResult(
    int Whole, int Cut, int TurnedAway, IReadOnlyList<string> Wrong, IReadOnlyList<string> Errors, double LeftBehind, IReadOnlyList<double> MemoryMiB, int ExitCode)
{
    /// <summary>The mean of the last quarter of the run over that of the second quarter: above 1 memory grows.</summary>
    public double MemoryGrowth => MemoryMiB.Count < 8 ? 1 : MemoryMiB.Skip(MemoryMiB.Count * 3 / 4).Average() / MemoryMiB.Skip(MemoryMiB.Count / 4).Take(MemoryMiB.Count / 4).Average();
}

/// <summary>
/// Many clients at once on one server, with P of 1, 2 and 4, whole answers and streams, some of which the client leaves: every text must be
/// that of the same request alone.
/// </summary>
public static class Soak
{
    // One answer in so many is a stream that is left.
    private const int CutEvery = 4;

    /// <summary>Runs it.</summary>
    /// <param name="tool">The built <c>parscale</c>.</param>
    /// <param name="model">A folder that runs with 1, 2 and 4 streams.</param>
    /// <param name="clients">Clients at once.</param>
    /// <param name="requests">Requests that differ.</param>
    /// <param name="time">How long.</param>
    public static async Task<SoakResult> Run(string tool, string model, int clients, int requests, TimeSpan time)
    {
        // Fewer places than clients: some are turned away, and come back. Little memory of earlier requests: it is full soon, and stays so.
        await using ServerProcess server = await ServerProcess.Start(tool, "serve", "-m", model, "--chat-template", "chatml",
            "--parallel", "32", "--queue", $"{clients * 3 / 4}", "--kv-memory", "64");
        using var client = new WireClient(server.Address);
        SoakRequest[] all = [.. Enumerable.Range(0, requests).Select(number => new SoakRequest(number))];
        var solo = new string[requests];
        for (int i = 0; i < requests; i++) solo[i] = (await client.Ask(all[i].Path, all[i].Solo) is { Complete: true } one ? one : throw new InvalidOperationException($"{all[i].Solo} is not answered")).Text;

        int whole = 0, cut = 0, away = 0;
        ConcurrentQueue<string> wrong = [], errors = [];
        var clock = Stopwatch.StartNew();
        async Task Client(int number)
        {
            var random = new Random(number);
            while (clock.Elapsed < time)
            {
                int i = random.Next(requests);
                bool stream = random.Next(2) == 0;
                int? leave = stream && random.Next(CutEvery / 2) == 0 ? random.Next(1, 20) : null;
                WireAnswer answer = await client.Ask(all[i].Path, all[i].Body(stream), leave);
                if (answer.Status is 429 or 503 && answer.RetryAfter > 0)
                {
                    Interlocked.Increment(ref away);
                    await Task.Delay(random.Next(20, 200));
                }
                else if (answer.Error is not null) errors.Enqueue($"{all[i].Body(stream)}: {answer.Status} {answer.Error}");
                else if (answer.Complete ? answer.Text != solo[i] : !solo[i].StartsWith(answer.Text, StringComparison.Ordinal)) wrong.Enqueue($"{all[i].Body(stream)}: <{answer.Text}>, alone <{solo[i]}>");
                else Interlocked.Increment(ref answer.Complete ? ref whole : ref cut);
            }
        }
        var memory = new List<double>();
        Task running = Task.WhenAll(Enumerable.Range(0, clients).Select(Client));
        while (!running.IsCompleted)
        {
            memory.Add(server.MemoryMiB);
            await Task.WhenAny(running, Task.Delay(1000));
        }
        await running;
        double left = await LeftBehind(client);
        return new SoakResult(whole, cut, away, [.. wrong], [.. errors], left, memory, await server.Stop());
    }

    // A step or two may pass until the server has seen that the last clients are gone.
    private static async Task<double> LeftBehind(WireClient client)
    {
        double left = 0;
        for (int i = 0; i < 40; i++)
        {
            left = 0;
            foreach (string name in (string[])["parscale_num_requests_running", "parscale_num_requests_waiting", "parscale_sequences_running", "parscale_sequences_waiting"])
                left += await client.Metric(name);
            if (left == 0) break;
            await Task.Delay(50);
        }
        return left;
    }
}
