using ParScale.Hub;
using ParScale.TestSupport.Hub;

namespace ParScale.Tests.Hub;

/// <summary>
/// Random fetches over a hub that goes wrong at random, some of them cancelled: each ends complete and checked or with one error of ours, and
/// after each nothing wrong is in the cache under a right name.
/// </summary>
public class HubSoakTests
{
    private const double Faulty = 0.35;

    [Fact]
    public Task Faults_never_leave_a_wrong_file() => RunAsync(rounds: 60, seed: 1);

    [Fact(Explicit = true)]
    public Task Five_hundred_rounds() => RunAsync(rounds: 500, seed: 2);

    private static async Task RunAsync(int rounds, int seed)
    {
        var random = new Random(seed);
        var ends = new Dictionary<string, int>(StringComparer.Ordinal);
        HubFixture fixture = new(sharded: true);
        try
        {
            for (int round = 0; round < rounds; round++)
            {
                // Most rounds go on with what the last ones left.
                if (random.Next(4) == 0)
                {
                    fixture.Dispose();
                    fixture = new HubFixture(sharded: random.Next(2) == 0);
                    fixture.Repository.Describes = random.Next(2) == 0;
                }
                string end = await RoundAsync(fixture, random);
                ends[end] = ends.GetValueOrDefault(end) + 1;
                fixture.RequireNothingWrong();
                fixture.Hub.Change = (_, answer) => answer;
                if (random.Next(3) > 0) continue;
                string folder = await fixture.FetchAsync();
                Assert.Equal(folder, new HubCache(fixture.CacheFolder).Find(fixture.Name));
                fixture.RequireNothingWrong();
            }
        }
        finally
        {
            fixture.Dispose();
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{rounds} rounds: {string.Join(", ", ends.OrderByDescending(end => end.Value).Select(end => $"{end.Key} {end.Value}"))}");
        Assert.True(ends.Count > 6, "the faults are too uniform to show anything");
    }

    private static async Task<string> RoundAsync(HubFixture fixture, Random random)
    {
        using var cancel = new CancellationTokenSource();
        int until = random.Next(3) == 0 ? random.Next(1, 12) : int.MaxValue;
        fixture.Hub.Change = (request, answer) =>
        {
            lock (random)
            {
                if (--until == 0) cancel.Cancel();
                return random.NextDouble() < Faulty ? Break(request, answer, random) : answer;
            }
        };
        using var client = new HubClient(fixture.Options with { DownloadTimeout = TimeSpan.FromMilliseconds(40), AnswerTimeout = TimeSpan.FromMilliseconds(500) });
        try
        {
            await client.FetchAsync(fixture.Name, null, cancel.Token);
            return "ok";
        }
        catch (ParScaleException e)
        {
            Assert.DoesNotContain('\n', e.Message);
            Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
            return e.Code;
        }
        catch (OperationCanceledException)
        {
            return "cancelled";
        }
    }

    private static FakeAnswer Break(FakeRequest request, FakeAnswer answer, Random random)
    {
        switch (random.Next(16))
        {
            case 0: return FakeAnswer.Of(429).With("Retry-After", "1");
            case 1: return FakeAnswer.Of(random.Next(500, 505));
            case 2: return FakeAnswer.Of(random.Next(20) == 0 ? 401 : 503);
            case 3: return random.Next(10) == 0 ? FakeAnswer.Of(404) : answer;
            case 4: return FakeAnswer.Of(416);
            case 5: return random.Next(3) == 0 ? answer : new FakeAnswer { Body = "<html>"u8.ToArray() }.With("Content-Type", "text/html");
            case 6: return FakeAnswer.Of(307).With("Location", request.Target);
            case 7: return answer.With("ETag", $"\"{random.Next()}\"");
            case 8: return answer.With("Content-Range", $"bytes 0-{answer.Body.Length - 1}/{answer.Body.Length}");
            case 9: answer.Announced = answer.Body.Length + random.Next(-3, 4); return answer;
            case 10: answer.StallAfter = random.Next(answer.Body.Length + 1); return answer;
            case 11: (answer.Announced, answer.Endless) = (-1, true); return answer;
            case 12 when answer.Body.Length > 0: answer.Body = [.. answer.Body]; answer.Body[random.Next(answer.Body.Length)] ^= 16; return answer;
            case 13 when answer.Status == 206: answer.Status = 200; return answer;
            default: answer.CutAfter = random.Next(answer.Body.Length + 1); return answer;
        }
    }
}
