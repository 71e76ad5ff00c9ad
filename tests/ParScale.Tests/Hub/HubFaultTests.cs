using System.Globalization;
using System.IO.Compression;
using ParScale.TestSupport.Hub;

namespace ParScale.Tests.Hub;

/// <summary>Faults on the way of the bytes: what passes is got over, what does not ends in one line, and never with a wrong file.</summary>
public class HubFaultTests
{
    private const string Weights = "model.safetensors";

    [Fact]
    public async Task A_body_that_breaks_off_is_continued_where_it_was()
    {
        using var fixture = new HubFixture();
        long sent = 0;
        fixture.Hub.Change = (request, answer) =>
        {
            if (request is not { IsHub: false, File: Weights }) return answer;
            answer.CutAfter = 20_000;
            sent += Math.Min(answer.Body.Length, 20_000);
            return answer;
        };
        await fixture.FetchAsync();
        fixture.RequireNothingWrong();
        Assert.Equal(fixture.Repository[Weights].Length, sent);
        Assert.All(fixture.Hub.Requests.Where(request => request.RangeStart > 0), request => Assert.NotNull(request.Header("If-Range")));
    }

    [Fact]
    public async Task A_body_that_always_breaks_off_at_once_ends_after_five_tries()
    {
        using var fixture = new HubFixture();
        fixture.Hub.Change = (request, answer) => Cut(answer, request.IsHub ? null : 0);
        await fixture.FailsAsync(ErrorKind.Network, "HB-04");
        Assert.Equal(5, fixture.Hub.Requests.Count(request => !request.IsHub));
        Assert.Equal(4, fixture.Waits.Count);
        Assert.Equal(fixture.Waits.Order(), fixture.Waits);
    }

    [Fact]
    public async Task A_server_that_begins_anew_each_time_and_breaks_off_ends_after_five_tries()
    {
        using var fixture = new HubFixture();
        byte[] large = new byte[3 << 20];
        fixture.Repository[Weights] = large;
        fixture.Hub.Change = (request, answer) => request.IsHub ? answer : new FakeAnswer { Body = large, CutAfter = 2 << 20 };
        await fixture.FailsAsync(ErrorKind.Network, "HB-04");
        // What the first try brought counts as progress; that it comes again does not.
        Assert.InRange(fixture.Hub.Requests.Count(request => !request.IsHub), 5, 6);
    }

    [Fact]
    public async Task What_an_earlier_process_left_is_not_fetched_again()
    {
        using var fixture = new HubFixture();
        byte[] weights = fixture.Repository[Weights];
        Leave(fixture, weights[..30_000]);
        await fixture.FetchAsync();
        Assert.Equal(30_000, Assert.Single(fixture.Hub.Requests, request => !request.IsHub).RangeStart);
        fixture.RequireNothingWrong();
    }

    [Theory]
    [InlineData(30_000)]
    [InlineData(int.MaxValue)]
    public async Task Damage_in_what_was_left_is_found_and_repaired(int length)
    {
        using var fixture = new HubFixture();
        byte[] damaged = [.. fixture.Repository[Weights]];
        damaged[100] ^= 1;
        Leave(fixture, damaged[..Math.Min(length, damaged.Length)]);
        await fixture.FetchAsync();
        fixture.RequireNothingWrong();
    }

    [Fact]
    public async Task Wrong_bytes_of_the_right_length_are_refused_and_removed()
    {
        using var fixture = new HubFixture();
        fixture.Hub.Change = (request, answer) => request.IsHub ? answer : Body(answer, body => body[50] ^= 1);
        await fixture.FailsAsync(ErrorKind.HashMismatch, "HB-05");
        Assert.Empty(Directory.GetFiles(fixture.Blobs, "*.incomplete"));
        fixture.Hub.Change = (request, answer) => request.File == "config.json" ? Body(answer, body => body[5] ^= 1) : answer;
        fixture.Repository["config.json"] = [.. fixture.Repository["config.json"], (byte)' '];
        fixture.Repository.Commit = new string('e', 40);
        await fixture.FailsAsync(ErrorKind.HashMismatch, "HB-05");
    }

    [Theory]
    [InlineData("whole")]
    [InlineData("other part")]
    [InlineData("not satisfiable")]
    [InlineData("changed")]
    public async Task A_range_that_is_not_honoured_begins_again(string how)
    {
        using var fixture = new HubFixture();
        byte[] weights = fixture.Repository[Weights];
        Leave(fixture, weights[..1000]);
        int asked = 0;
        fixture.Hub.Change = (request, answer) =>
        {
            if (request.IsHub || asked++ > 0) return answer;
            return how switch
            {
                "whole" => new FakeAnswer { Body = weights },
                "other part" => answer.With("Content-Range", $"bytes 0-{weights.Length - 1}/{weights.Length}"),
                "not satisfiable" => FakeAnswer.Of(416),
                _ => Cut(answer.With("ETag", "\"older\""), 10),
            };
        };
        await fixture.FetchAsync();
        fixture.RequireNothingWrong();
    }

    [Fact]
    public async Task A_wrong_length_is_refused()
    {
        using var fixture = new HubFixture();
        fixture.Hub.Change = (request, answer) =>
        {
            if (!request.IsHub) answer.Announced = answer.Body.Length + 1;
            return answer;
        };
        await fixture.FailsAsync(ErrorKind.Network, "HB-04");
    }

    [Fact]
    public async Task An_endless_body_is_stopped_at_the_length_that_was_named()
    {
        using var fixture = new HubFixture();
        fixture.Hub.Change = (request, answer) =>
        {
            if (!request.IsHub) (answer.Announced, answer.Endless) = (-1, true);
            return answer;
        };
        await fixture.FailsAsync(ErrorKind.Network, "HB-14");
    }

    [Fact]
    public async Task A_body_that_stands_still_is_given_up()
    {
        using var fixture = new HubFixture();
        fixture.Hub.Change = (request, answer) =>
        {
            if (!request.IsHub) answer.StallAfter = 0;
            return answer;
        };
        await fixture.FailsAsync(ErrorKind.Network, "HB-15", fixture.Options with { DownloadTimeout = TimeSpan.FromMilliseconds(200) });
        // Five tries. How many of them come as far as the body before their time is over depends on the load; those that do would wait for ever.
        Assert.Equal(4, fixture.Waits.Count);
    }

    [Fact]
    public async Task A_file_that_changes_between_two_requests_is_refused()
    {
        using var fixture = new HubFixture();
        fixture.Hub.Change = (request, answer) => request is { File: Weights, IsHub: true } ? answer.With("X-Linked-Etag", $"\"{new string('1', 64)}\"") : answer;
        await fixture.FailsAsync(ErrorKind.Network, "HB-08");
        fixture.Hub.Change = (request, answer) => request is { File: "config.json" } ? answer.With("X-Repo-Commit", new string('1', 40)) : answer;
        fixture.Repository["config.json"] = [.. fixture.Repository["config.json"], (byte)' '];
        fixture.Repository.Commit = new string('e', 40);
        await fixture.FailsAsync(ErrorKind.Network, "HB-08");
    }

    [Fact]
    public async Task A_busy_hub_is_asked_again_when_it_says()
    {
        using var fixture = new HubFixture();
        int asked = 0;
        fixture.Hub.Change = (_, answer) => ++asked switch
        {
            1 => FakeAnswer.Of(429).With("Retry-After", "7"),
            // The server's own clock is years off; what counts is the difference.
            2 => FakeAnswer.Of(503).With("Date", "Mon, 02 Jan 2006 15:04:05 GMT").With("Retry-After", "Mon, 02 Jan 2006 15:04:16 GMT"),
            3 => FakeAnswer.Of(500),
            _ => answer,
        };
        await fixture.FetchAsync();
        Assert.Equal(3, fixture.Waits.Count);
        Assert.Equal(((double[])[7, 11]), fixture.Waits.Take(2).Select(wait => wait.TotalSeconds));
        Assert.InRange(fixture.Waits[2].TotalSeconds, 2, 2.5);
    }

    [Theory]
    [InlineData(429, null, 5)]
    [InlineData(500, null, 5)]
    [InlineData(429, "100000", 1)]
    public async Task A_hub_that_stays_busy_ends_in_one_line(int status, string? retryAfter, int tries)
    {
        using var fixture = new HubFixture();
        fixture.Hub.Change = (_, _) => retryAfter is null ? FakeAnswer.Of(status) : FakeAnswer.Of(status).With("Retry-After", retryAfter);
        ParScaleException error = await fixture.FailsAsync(ErrorKind.Network, "HB-03");
        Assert.Contains(status.ToString(CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
        Assert.Equal(tries, fixture.Hub.Requests.Count);
    }

    [Fact]
    public async Task A_list_that_unpacks_without_end_is_capped()
    {
        using var fixture = new HubFixture();
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(new byte[40 << 20]);
        fixture.Hub.Change = (_, answer) => new FakeAnswer { Body = packed.ToArray() }.With("Content-Encoding", "gzip").With("Content-Type", "application/json");
        await fixture.FailsAsync(ErrorKind.Network, "HB-16");
    }

    [Fact]
    public async Task A_compressed_answer_is_unpacked_before_it_is_checked()
    {
        using var fixture = new HubFixture();
        fixture.Hub.Change = (request, answer) =>
        {
            if (request.Method == "HEAD" || answer.Status != 200) return answer;
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(answer.Body);
            answer.Body = packed.ToArray();
            return answer.With("Content-Encoding", "gzip");
        };
        await fixture.FetchAsync();
        fixture.RequireNothingWrong();
    }

    /// <summary>Run by scripts/faults/hub-disk-full.sh, which makes the disk.</summary>
    [Fact(Explicit = true)]
    public async Task A_disk_that_fills_up_leaves_nothing_half_named_and_the_fetch_goes_on_later()
    {
        string disk = Environment.GetEnvironmentVariable("PARSCALE_SMALL_DISK") ?? throw new InvalidOperationException("PARSCALE_SMALL_DISK names no folder");
        string filler = Path.Combine(disk, "filler");
        using var fixture = new HubFixture(cacheFolder: Path.Combine(disk, "hub"));
        fixture.Hub.Change = (request, answer) =>
        {
            if (request is { IsHub: false, File: Weights }) answer.BeforePiece = FillAsync;
            return answer;
        };
        await fixture.FailsAsync(ErrorKind.Io, "HB-10");
        File.Delete(filler);
        fixture.Hub.Change = (_, answer) => answer;
        await fixture.FetchAsync();
        fixture.RequireNothingWrong();

        async Task FillAsync()
        {
            await using var stream = new FileStream(filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
            try
            {
                for (int i = 0; ; i++) stream.Write(new byte[4096]);
            }
            catch (IOException)
            {
                // Full.
            }
        }
    }

    private static void Leave(HubFixture fixture, byte[] content)
    {
        Directory.CreateDirectory(fixture.Blobs);
        File.WriteAllBytes(Path.Combine(fixture.Blobs, FakeRepository.ETag(Weights, fixture.Repository[Weights]) + ".parscale.incomplete"), content);
    }

    private static FakeAnswer Cut(FakeAnswer answer, int? after)
    {
        answer.CutAfter = after;
        return answer;
    }

    private static FakeAnswer Body(FakeAnswer answer, Action<byte[]> change)
    {
        answer.Body = [.. answer.Body];
        change(answer.Body);
        return answer;
    }
}
