using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace ParScale.Server.Tests.OpenApi;

/// <summary>
/// Random bodies made of the API's own document, right and wrong, several at a time: no failure of the server, no wait without an end,
/// answers and errors in the shape that the document gives. <c>PARSCALE_FUZZ</c> says how many.
/// </summary>
public sealed class FuzzTests(ChatModel model, ITestOutputHelper output)
{
    private const int Usual = 400, AtOnce = 8, Seed = 20_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task No_body_makes_it_fail_or_hang()
    {
        int count = int.Parse(Environment.GetEnvironmentVariable("PARSCALE_FUZZ") ?? Usual.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        await using TestServer server = await TestServer.Start(model.Model);
        ApiDocument document = await ApiDocument.Get(server);
        (string Path, JsonElement Schema, JsonElement Example)[] bodies = [.. document.Bodies];
        var statuses = new Dictionary<int, int>();
        int right = 0, accepted = 0, streamed = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = TestContext.Current.CancellationToken }, async (i, cancellation) =>
        {
            (string path, JsonElement schema, _) = bodies[i % bodies.Length];
            var generator = new BodyGenerator(document, ChatModel.Vocabulary, Seed + i);
            string body = generator.Make(schema);
            int status;
            bool isStream;
            try
            {
                (status, isStream) = await Check(server, document, path, body, cancellation);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                throw new InvalidOperationException($"body {i} for {path}: {(body.Length > 2000 ? body[..2000] : body)}: {e.Message}", e);
            }
            lock (statuses)
            {
                statuses[status] = statuses.GetValueOrDefault(status) + 1;
                if (isStream) streamed++;
                if (!generator.IsRight) return;
                right++;
                if (status == 200) accepted++;
            }
        });
        output.WriteLine($"{count} bodies: {string.Join(", ", statuses.OrderBy(one => one.Key).Select(one => $"{one.Value} x {one.Key}"))}; {streamed} streams; of {right} right ones {accepted} were accepted");
        Assert.Equal((0, 0), (server.Service.Running, server.Service.Waiting));
        // Otherwise only the readers of bodies would have been tried.
        Assert.True(accepted > right / 5 && streamed > count / 50, "too few bodies reach the model");
    }

    private static async Task<(int Status, bool IsStream)> Check(TestServer server, ApiDocument document, string path, string body, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await server.Client.PostAsync(new Uri(path, UriKind.Relative), content, limit.Token);
        string text = await answer.Content.ReadAsStringAsync(limit.Token), type = answer.Content.Headers.ContentType!.MediaType!;
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            Assert.True(answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotFound, $"{answer.StatusCode}: {text}");
            document.RequireValid(path, "POST", "default", type, TestServer.Parse(text));
            return ((int)answer.StatusCode, false);
        }
        if (type == "application/json")
        {
            document.RequireValid(path, "POST", "200", type, TestServer.Parse(text));
            return (200, false);
        }
        bool isEvents = type == "text/event-stream";
        string[] parts = text.Split(isEvents ? "\n\n" : "\n", StringSplitOptions.RemoveEmptyEntries);
        bool ends = false;
        foreach (string part in parts)
        {
            Assert.False(ends, "something follows the end");
            string value = isEvents ? part[(part.IndexOf("data: ", StringComparison.Ordinal) + 6)..] : part;
            ends = value == "[DONE]";
            if (ends) continue;
            JsonElement json = TestServer.Parse(value);
            document.RequireValid(path, "POST", "200", type, json);
            ends = (json.TryGetProperty("type", out JsonElement kind) && kind.GetString() is "response.completed" or "response.incomplete")
                || (json.TryGetProperty("done", out JsonElement done) && done.GetBoolean());
        }
        Assert.True(ends, "the stream has no end");
        return (200, true);
    }
}
