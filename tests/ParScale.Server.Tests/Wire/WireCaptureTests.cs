using System.Text;
using System.Text.Json;
using ParScale.Server.Tests.Tools;

namespace ParScale.Server.Tests.Wire;

/// <summary>
/// Requests of ten client libraries, byte for byte (<c>../shared/wire</c>; skipped where the machine lacks it): each is answered, or
/// refused by the name of a field.
/// </summary>
public sealed class WireCaptureTests(ToolModels models)
{
    private const string Missing = "";

    // What these models do not do.
    private static readonly string[] NotOffered = ["/v1/embeddings", "/api/embed"];

    public static TheoryData<string> Captures()
    {
        if (SharedFolder.Find("wire") is not { } folder) return [Missing];
        return [.. Directory.EnumerateFiles(folder, "*.head.txt", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(folder, file)[..^".head.txt".Length].Replace('\\', '/')).Order(StringComparer.Ordinal)];
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public async Task A_request_of_a_client_is_answered_or_refused_by_name(string name)
    {
        if (name == Missing) Assert.Skip("needs ../shared/wire");
        Capture capture = Capture.Read(SharedFolder.Find("wire")!, name);
        await using TestServer server = await TestServer.Start(models["hermes"], new ServerOptions { ApiKeys = capture.HasKey ? ["test-key"] : [] }, "parscale");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        CapturedAnswer answer = await capture.Send(server.Address, limit.Token);
        bool served = answer.Status != 404 || !answer.Text.Contains("is not served", StringComparison.Ordinal);
        if (NotOffered.Contains(capture.Path))
        {
            Assert.Equal(400, answer.Status);
            Assert.Contains("embeddings", answer.Text, StringComparison.Ordinal);
            return;
        }
        if (capture.Path == "/" && !served) Assert.Skip("the page is not served by this library");
        Assert.True(answer.Status == 200, $"{answer.Status}: {answer.Text}");
        if (capture.Path is "/v1/chat/completions" or "/v1/completions") Check(capture, answer);
    }

    private static void Check(Capture capture, CapturedAnswer answer)
    {
        using var body = JsonDocument.Parse(Encoding.UTF8.GetString(capture.Body));
        if (body.RootElement.TryGetProperty("stream", out JsonElement stream) && stream.GetBoolean())
        {
            Assert.StartsWith("text/event-stream", answer.Type, StringComparison.Ordinal);
            Assert.EndsWith("\n\ndata: [DONE]\n\n", answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("\"error\"", answer.Text, StringComparison.Ordinal);
            return;
        }
        Assert.StartsWith("application/json", answer.Type, StringComparison.Ordinal);
        int prompts = body.RootElement.TryGetProperty("prompt", out JsonElement prompt) && prompt.ValueKind == JsonValueKind.Array
            && prompt[0].ValueKind is JsonValueKind.Array or JsonValueKind.String ? prompt.GetArrayLength() : 1;
        int each = body.RootElement.TryGetProperty("n", out JsonElement n) ? n.GetInt32() : 1;
        JsonElement choices = answer.Json.GetProperty("choices");
        Assert.Equal(prompts * each, choices.GetArrayLength());
        Assert.All(choices.EnumerateArray(), choice => Assert.Contains(choice.GetProperty("finish_reason").GetString(), (string[])["stop", "length", "tool_calls"]));
        string? forced = body.RootElement.TryGetProperty("tool_choice", out JsonElement tool) ? tool.ToString() : null;
        if (forced is null or "auto" or "none" || choices[0].GetProperty("finish_reason").GetString() == "length") return;
        Assert.NotEqual(0, choices[0].GetProperty("message").GetProperty("tool_calls").GetArrayLength());
    }
}
