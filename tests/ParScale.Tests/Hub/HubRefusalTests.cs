using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ParScale.Hub;
using ParScale.Hub.Transfer;
using ParScale.TestSupport.Hub;

namespace ParScale.Tests.Hub;

/// <summary>What is refused, and what the line says about it.</summary>
public class HubRefusalTests
{
    [Fact]
    public async Task A_gated_model_says_where_to_ask_and_which_variable_to_set()
    {
        using var fixture = new HubFixture();
        fixture.Repository.Token = "hf_secret";
        ParScaleException error = await fixture.FailsAsync(ErrorKind.Network, "HB-01");
        Assert.Contains($"{fixture.Hub.Endpoint}acme/tiny", error.Message, StringComparison.Ordinal);
        Assert.Contains("HF_TOKEN", error.Message, StringComparison.Ordinal);
        error = await fixture.FailsAsync(ErrorKind.Network, "HB-01", fixture.Options with { Token = "hf_other_secret" });
        Assert.Contains("does not allow", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task A_refusal_without_a_reason_names_the_variable(int status)
    {
        using var fixture = new HubFixture();
        fixture.Hub.Change = (_, _) => FakeAnswer.Of(status);
        Assert.Contains("HF_TOKEN", (await fixture.FailsAsync(ErrorKind.Network, "HB-01")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Repository_revision_and_file_are_told_apart(bool hubSays)
    {
        using var fixture = new HubFixture();
        fixture.Hub.Change = (_, answer) =>
        {
            if (!hubSays) answer.Headers.Remove("X-Error-Code");
            return answer;
        };
        using var client = new HubClient(fixture.Options);
        async Task Fails(string name, string expected)
        {
            var error = await Assert.ThrowsAsync<ParScaleException>(() => client.FetchAsync(ModelName.Parse(name), null, TestContext.Current.CancellationToken));
            Assert.Equal("HB-02", error.Code);
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        }
        await Fails("acme/other", "has no model \"acme/other\"");
        await Fails("acme/tiny@v9", "acme/tiny has no revision \"v9\"");
        if (!hubSays) return;
        fixture.Hub.Change = (request, answer) => request.File == "config.json" ? FakeAnswer.Of(404, "EntryNotFound") : answer;
        await Fails("acme/tiny", "\"config.json\" is not in the repository");
    }

    [Theory]
    [InlineData(null, "HB-09")]
    [InlineData("\"../x\"", "HB-09")]
    [InlineData("\"not-a-hash\"", "HB-09")]
    [InlineData("\"\"", "HB-09")]
    public async Task An_etag_that_is_no_hash_is_refused(string? etag, string code)
    {
        using var fixture = new HubFixture();
        fixture.Repository.Describes = false;
        fixture.Hub.Change = (request, answer) =>
        {
            if (request.File != "config.json") return answer;
            answer.Headers.Remove("ETag");
            return etag is null ? answer : answer.With("ETag", etag);
        };
        await fixture.FailsAsync(ErrorKind.Network, code);
    }

    [Fact]
    public async Task A_weak_etag_names_its_blob_without_the_mark()
    {
        using var fixture = new HubFixture();
        fixture.Repository.Describes = false;
        fixture.Hub.Change = (request, answer) => request.IsHub && answer.Headers.TryGetValue("ETag", out string? etag) ? answer.With("ETag", "W/" + etag) : answer;
        await fixture.FetchAsync();
        Assert.True(File.Exists(Path.Combine(fixture.Blobs, FakeRepository.ETag("config.json", fixture.Repository["config.json"]))));
    }

    [Fact]
    public async Task A_size_beyond_the_disk_is_refused_before_anything_is_written()
    {
        using var fixture = new HubFixture();
        fixture.Repository.Describes = false;
        fixture.Hub.Change = (request, answer) => request.File == "model.safetensors" ? answer.With("X-Linked-Size", "1000000000000000") : answer;
        await fixture.FailsAsync(ErrorKind.Io, "HB-10");
        Assert.False(Directory.Exists(fixture.Blobs));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("/etc/passwd")]
    [InlineData("C:\\x")]
    [InlineData("D:x")]
    [InlineData("\\x")]
    [InlineData("\\\\h\\s")]
    [InlineData("..\\x")]
    [InlineData("a\0b")]
    [InlineData("")]
    public async Task A_list_with_a_name_that_leaves_its_folder_is_refused(string path)
    {
        using var fixture = new HubFixture();
        fixture.Repository[path] = [1];
        ParScaleException error = await fixture.FailsAsync(ErrorKind.Network, "HB-11");
        Assert.DoesNotContain('\0', error.Message);
        Assert.False(Directory.Exists(fixture.CacheFolder));
    }

    [Fact]
    public async Task Two_names_that_differ_only_in_capitals_are_refused()
    {
        using var fixture = new HubFixture();
        fixture.Repository["additional_chat_templates/tools.jinja"] = [1];
        fixture.Repository["additional_chat_templates/Tools.jinja"] = [2];
        Assert.Contains("Tools.jinja", (await fixture.FailsAsync(ErrorKind.Network, "HB-11")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CON.jinja")]
    [InlineData("a:b.jinja")]
    [InlineData("x.jinja ")]
    [InlineData("deep/er.jinja")]
    public async Task Names_that_not_every_system_can_store_are_left_out(string template)
    {
        using var fixture = new HubFixture();
        fixture.Repository["additional_chat_templates/" + template] = [1];
        fixture.Repository["additional_chat_templates/tools.jinja"] = "{{ messages }}"u8.ToArray();
        string folder = await fixture.FetchAsync();
        Assert.Equal("tools.jinja", Path.GetFileName(Assert.Single(Directory.GetFiles(folder, "*", SearchOption.AllDirectories), file => file.Contains("templates", StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData("https://huggingface.co", "https://cdn.example.org/x?Signature=1", true)]
    [InlineData("https://huggingface.co", "/api/x", true)]
    [InlineData("https://huggingface.co", "http://cdn.example.org/x", false)]
    [InlineData("https://huggingface.co", "file:///etc/passwd", false)]
    [InlineData("https://huggingface.co", "https://10.0.0.1/x", false)]
    [InlineData("https://huggingface.co", "https://127.0.0.1/x", false)]
    [InlineData("https://huggingface.co", "https://localhost/x", false)]
    [InlineData("https://huggingface.co", "https://2130706433/x", false)]
    [InlineData("https://huggingface.co", "https://[::ffff:192.168.1.1]/x", false)]
    [InlineData("https://huggingface.co", "https://[fe80::1]/x", false)]
    [InlineData("https://huggingface.co", "https://169.254.169.254/x", false)]
    [InlineData("https://huggingface.co", "https://user@cdn.example.org/x", false)]
    [InlineData("http://127.0.0.1:8080", "http://localhost:9000/x", true)]
    public void Redirects_lead_to_the_open_network_only(string endpoint, string location, bool allowed)
    {
        var policy = new RedirectPolicy(new Uri(endpoint));
        Uri Follow() => policy.Follow(new Uri(endpoint + "/a"), new Uri(location, UriKind.RelativeOrAbsolute));
        if (allowed) Follow();
        else Assert.Equal("HB-12", Assert.Throws<ParScaleException>(Follow).Code);
    }

    [Fact]
    public async Task Redirects_without_end_are_refused()
    {
        using var fixture = new HubFixture();
        fixture.Hub.Change = (request, _) => FakeAnswer.Of(307).With("Location", request.Target);
        await fixture.FailsAsync(ErrorKind.Network, "HB-12");
        Assert.Equal(6, fixture.Hub.Requests.Count);
    }

    [Theory]
    [InlineData("text/html", "<html>Log in</html>")]
    [InlineData("application/json", "<html>Log in</html>")]
    [InlineData("application/json", "[]")]
    [InlineData("application/json", "{\"sha\":\"main\",\"siblings\":[]}")]
    [InlineData("application/json", "")]
    public async Task An_answer_that_is_not_a_hubs_is_refused(string type, string body)
    {
        using var fixture = new HubFixture();
        fixture.Hub.Change = (_, _) => new FakeAnswer { Body = Encoding.UTF8.GetBytes(body) }.With("Content-Type", type);
        await fixture.FailsAsync(ErrorKind.Network, "HB-13");
    }

    [Fact]
    public async Task A_hub_that_is_not_there_ends_in_one_line()
    {
        using var fixture = new HubFixture();
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        int port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        await fixture.FailsAsync(ErrorKind.Network, "HB-15", fixture.Options with { Endpoint = new Uri($"http://127.0.0.1:{port}") });
        Assert.Equal(4, fixture.Waits.Count);
    }

    [Fact]
    public async Task Without_the_network_the_line_names_what_is_missing()
    {
        using var fixture = new HubFixture(sharded: true);
        HubOptions offline = fixture.Options with { Offline = true };
        Assert.Contains("is not in the cache", (await fixture.FailsAsync(ErrorKind.Network, "HB-18", offline)).Message, StringComparison.Ordinal);
        string folder = await fixture.FetchAsync();
        fixture.Hub.Clear();
        File.Delete(Path.Combine(folder, "model-00002-of-00003.safetensors"));
        File.Delete(Path.Combine(folder, "tokenizer.json"));
        Assert.Contains("without \"model-00002-of-00003.safetensors\", \"tokenizer.json\"", (await fixture.FailsAsync(ErrorKind.Network, "HB-18", offline)).Message, StringComparison.Ordinal);
        Assert.Null(new HubCache(fixture.CacheFolder).Find(fixture.Name));
        Assert.Empty(fixture.Hub.Requests);
    }

    [Fact]
    public async Task A_repository_that_is_no_model_says_why()
    {
        using var fixture = new HubFixture();
        fixture.Repository.Remove("model.safetensors");
        Assert.Contains("pytorch_model.bin", (await fixture.FailsAsync(ErrorKind.BadInput, "HB-19")).Message, StringComparison.Ordinal);
        fixture.Repository.Remove("config.json");
        Assert.Contains("config.json", (await fixture.FailsAsync(ErrorKind.BadInput, "HB-19")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_index_that_names_an_absent_shard_is_refused()
    {
        using var fixture = new HubFixture(sharded: true);
        fixture.Repository.Remove("model-00003-of-00003.safetensors");
        Assert.Contains("model-00003-of-00003", (await fixture.FailsAsync(ErrorKind.BadInput, "HB-19")).Message, StringComparison.Ordinal);
        fixture.Repository["model.safetensors.index.json"] = JsonSerializer.SerializeToUtf8Bytes(new { weight_map = new { x = "../x.safetensors" } });
        fixture.Repository.Commit = new string('e', 40);
        await fixture.FailsAsync(ErrorKind.BadInput, "ST-26");
    }

    [Fact]
    public async Task A_cache_that_cannot_be_written_is_named()
    {
        using var fixture = new HubFixture();
        using var folder = new TempFolder();
        string file = folder.Write("file", "");
        ParScaleException error = await fixture.FailsAsync(ErrorKind.Io, "HB-22", fixture.Options with { CacheFolder = Path.Combine(file, "hub") });
        Assert.Contains("HF_HUB_CACHE", error.Message, StringComparison.Ordinal);
    }
}
