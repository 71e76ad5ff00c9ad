using System.Diagnostics;
using System.Text.Json;
using ParScale.Generation;

namespace ParScale.LoadTest;

/// <summary>Times as clients see them.</summary>
internal static class Speed
{
    private const int Rounds = 5, Warm = 1000;

    /// <summary>Tokens a second with so many streams at once; each round measures every count, and the best of each is shown.</summary>
    public static async Task Throughput(Uri url, string? model, int[] counts, int tokens, int rounds)
    {
        using var client = new WireClient(url);
        var best = new double[counts.Length];
        for (int round = 0; round <= rounds; round++)
        {
            for (int i = 0; i < counts.Length; i++)
            {
                TimeSpan time = await AtOnce(counts[i], number => client.Drain("/v1/completions", Request(model, $"{round} {number}", tokens)));
                // The first round finds the server cold.
                if (round > 0) best[i] = Math.Max(best[i], counts[i] * tokens / time.TotalSeconds);
            }
        }
        for (int i = 0; i < counts.Length; i++) Console.WriteLine($"{counts[i]} at once: {best[i]:F1} tokens/s, {best[i] / best[0]:F2} times {counts[0]} at once");
    }

    /// <summary>The embedded model over HTTP against the same in this process: steps of 16 requests, and first tokens.</summary>
    public static async Task Overhead(string tool)
    {
        const int AtOnceCount = 16, Tokens = 100, Firsts = 1000;
        using LanguageModel model = LanguageModel.Load(null, new LoadOptions { Threads = 1 });
        await using ServerProcess server = await ServerProcess.Start(tool, "serve", "--threads", "1");
        using var client = new WireClient(server.Address);
        async Task<double> Inside(string prompt, int tokens)
        {
            long start = Stopwatch.GetTimestamp();
            double first = 0;
            await foreach (GeneratedPiece _ in model.GenerateAsync(prompt, new GenerationOptions { MaxNewTokens = tokens, IgnoreEndOfText = true }))
                if (first == 0) first = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            return first;
        }
        double inside = double.MaxValue, outside = double.MaxValue;
        for (int round = 0; round <= Rounds; round++)
        {
            TimeSpan own = await AtOnce(AtOnceCount, number => Inside($"{round} {number}", Tokens));
            TimeSpan wire = await AtOnce(AtOnceCount, number => client.Drain("/v1/completions", Request(null, $"{round} {number}", Tokens)));
            if (round > 0) (inside, outside) = (Math.Min(inside, own.TotalMilliseconds / Tokens), Math.Min(outside, wire.TotalMilliseconds / Tokens));
        }
        Console.WriteLine($"a step of {AtOnceCount} requests: {inside:F3} ms in process, {outside:F3} ms over HTTP with its clients, difference {outside - inside:F3} ms");
        string one = Request(null, "first", 1);
        double empty = await Median(Firsts, () => client.FirstByte(HttpMethod.Get, "/health"));
        double own1 = await Median(Firsts, () => Inside("first", 1)), wire1 = await Median(Firsts, () => client.FirstByte(HttpMethod.Post, "/v1/completions", one));
        Console.WriteLine($"a first token: {own1:F3} ms in process, {wire1:F3} ms over HTTP with its client, difference {wire1 - own1:F3} ms; GET /health {empty:F3} ms (medians of {Firsts})");
    }

    /// <summary>The median of what an action measures when it is done so often.</summary>
    public static async Task<double> Median(int count, Func<Task<double>> action)
    {
        var times = new double[count];
        // Until the code is compiled well.
        for (int i = 0; i < Warm; i++) await action();
        for (int i = 0; i < count; i++) times[i] = await action();
        Array.Sort(times);
        return times[count / 2];
    }

    /// <summary>A stream of so many tokens.</summary>
    public static string Request(string? model, string prompt, int tokens) => JsonSerializer.Serialize(new Dictionary<string, object?>
    {
        ["model"] = model,
        ["prompt"] = prompt,
        ["max_tokens"] = tokens,
        ["ignore_eos"] = true,
        ["stream"] = true,
    });

    private static async Task<TimeSpan> AtOnce(int count, Func<int, Task> one)
    {
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, count).Select(number => Task.Run(() => one(number))));
        return Stopwatch.GetElapsedTime(start);
    }
}
