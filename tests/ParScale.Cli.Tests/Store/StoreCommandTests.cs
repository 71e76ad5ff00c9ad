using System.Text.Json;
using ParScale.Cli.Terminals;
using ParScale.Cli.Tests.Support;
using ParScale.Kernels.Formats;
using ParScale.Store;

namespace ParScale.Cli.Tests.Store;

/// <summary><c>list</c>, <c>verify</c> and <c>rm</c> over a cache that was filled beforehand.</summary>
public sealed class StoreCommandTests : IDisposable
{
    private const string Name = "org/tiny";
    private static readonly string First = new('a', 40), Second = new('b', 40);

    private readonly TempFolder _folder = new();
    private readonly string _cache, _snapshot;

    public StoreCommandTests(TinyModel model)
    {
        _cache = _folder.File("hub");
        _snapshot = CachedModel.Write(_cache, Name, model.Folder, First);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void List_shows_what_was_fetched_and_what_is_kept()
    {
        Keep();
        JsonElement json = Run("list", "--json").Json();
        Assert.Equal(_cache, json.GetProperty("cache").GetString());
        JsonElement[] rows = [.. json.GetProperty("models").EnumerateArray()];
        Assert.Equal(["fetched", "q8"], rows.Select(row => row.GetProperty("kind").GetString()));
        Assert.Equal(["f32", "q8"], rows.Select(row => row.GetProperty("dtype").GetString()));
        Assert.All(rows, row =>
        {
            Assert.Equal(Name, row.GetProperty("name").GetString());
            Assert.Equal(First, row.GetProperty("commit").GetString());
            Assert.Equal(TinyModel.Streams, row.GetProperty("streams").GetInt32());
            Assert.True(row.GetProperty("bytes").GetInt64() > 1000);
        });
        string text = Run("list").Out;
        Assert.Contains("kept copy", text, StringComparison.Ordinal);
        Assert.Contains(" ago", text.Replace("just now", "0 minutes ago", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void List_of_nothing_says_where_models_come_from()
    {
        string text = Tool.Run("list", "--cache-dir", _folder.File("none")).Out;
        Assert.Contains("parscale published", text, StringComparison.Ordinal);
        Assert.Equal(0, Tool.Run("list", "--cache-dir", _folder.File("none"), "--json").Json().GetProperty("models").GetArrayLength());
    }

    [Fact]
    public void A_fetch_that_was_cut_short_is_listed_as_incomplete()
    {
        File.Delete(Path.Combine(_snapshot, "model.safetensors"));
        Assert.NotEmpty(Run("list", "--json").Json().GetProperty("models")[0].GetProperty("missing").EnumerateArray());
        Assert.Contains("incomplete", Run("list").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_compares_every_file_with_its_hash()
    {
        Keep();
        JsonElement json = Run("verify", "--json").Json();
        Assert.Equal(0, json.GetProperty("damaged").GetInt32());
        Assert.Equal(["hub", "checksums"], json.GetProperty("models").EnumerateArray().Select(row => row.GetProperty("check").GetString()));
        Assert.Contains("0 damaged", Run("verify", Name).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    public void Verify_names_the_damaged_file_and_removes_it_when_asked(string file)
    {
        string blob = new FileInfo(Path.Combine(_snapshot, file)).ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        byte[] bytes = File.ReadAllBytes(blob);
        bytes[^2] ^= 1;
        File.WriteAllBytes(blob, bytes);
        Outcome outcome = Run("verify", Name, "--json");
        Assert.Equal(6, outcome.Exit);
        Assert.StartsWith("parscale: error LS-02: ", outcome.Error, StringComparison.Ordinal);
        foreach (string part in (string[])[file, blob, "parscale pull org/tiny"]) Assert.Contains(part, outcome.Error, StringComparison.Ordinal);
        using (var json = JsonDocument.Parse(outcome.Out))
            Assert.Equal(file, json.RootElement.GetProperty("models")[0].GetProperty("damaged")[0].GetProperty("file").GetString());
        Assert.True(File.Exists(blob));
        Assert.Equal(6, Run("verify", Name, "--remove-damaged").Exit);
        Assert.False(File.Exists(blob));
    }

    [Fact]
    public void Verify_of_folders_uses_the_checksums_they_have()
    {
        string kept = Keep();
        Assert.Equal("checksums", Run("verify", kept, "--json").Json().GetProperty("models")[0].GetProperty("check").GetString());
        Assert.Equal("form", Run("verify", _snapshot, "--json").Json().GetProperty("models")[0].GetProperty("check").GetString());
        byte[] bytes = File.ReadAllBytes(Path.Combine(kept, "model.safetensors"));
        bytes[^1] ^= 1;
        File.WriteAllBytes(Path.Combine(kept, "model.safetensors"), bytes);
        Assert.Contains("QC", Run("verify", kept).Error.Replace("checksum", "QC", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(6, Run("verify").Exit);
        Assert.Equal(6, Run("verify", "--remove-damaged").Exit);
        Assert.Equal(0, Run("verify").Exit);
    }

    [Fact]
    public void Rm_removes_the_model_and_its_copies()
    {
        string kept = Keep();
        JsonElement json = Run("rm", Name, "--yes", "--json").Json();
        Assert.Equal(2, json.GetProperty("removed").GetArrayLength());
        Assert.True(json.GetProperty("freed_bytes").GetInt64() > 1000);
        Assert.False(Directory.Exists(_snapshot));
        Assert.False(Directory.Exists(kept));
        Run("rm", Name, "--yes").Fails(3, "LS-01");
    }

    [Fact]
    public void Rm_of_one_type_keeps_the_rest()
    {
        string kept = Keep();
        Run("rm", Name, "--dtype", "q4", "--yes").Fails(3, "LS-01");
        Run("rm", Name, "--dtype", "q8", "--yes", "--json").Json();
        Assert.False(Directory.Exists(kept));
        Assert.True(File.Exists(Path.Combine(_snapshot, "model.safetensors")));
    }

    [Fact]
    public void Rm_of_one_revision_keeps_what_another_uses()
    {
        using var other = new TempFolder();
        foreach (string file in Directory.GetFiles(_snapshot)) File.Copy(file, other.File(Path.GetFileName(file)));
        other.Write("generation_config.json", """{"temperature":0.5}""");
        string second = CachedModel.Write(_cache, Name, other.Path, Second, "v2");
        Run("rm", $"{Name}@main", "--yes", "--json").Json();
        Assert.False(Directory.Exists(_snapshot));
        Assert.All(Directory.GetFiles(second), file => Assert.True(new FileInfo(file).ResolveLinkTarget(returnFinalTarget: true)!.Exists));
        Assert.Equal(0, Run("verify", Name).Exit);
        Run("rm", Name, "--yes", "--json").Json();
        Assert.Equal(0, Run("list", "--json").Json().GetProperty("models").GetArrayLength());
    }

    [Fact]
    public void Rm_does_not_act_without_a_yes()
    {
        Run("rm", Name).Fails(2, "LS-03");
        Assert.True(Directory.Exists(_snapshot));
        string asked = "";
        Tool.Answer(question => (asked = question).Length == 0, "rm", Name, "--cache-dir", _cache).Fails(2, "LS-03");
        Assert.Contains(Name, asked, StringComparison.Ordinal);
        Assert.True(Directory.Exists(_snapshot));
        Assert.Equal(0, Tool.Answer(_ => true, "rm", Name, "--cache-dir", _cache).Exit);
        Assert.False(Directory.Exists(_snapshot));
    }

    [Fact]
    public void Names_that_are_none_or_not_here_are_one_line()
    {
        Assert.Contains(Name, Run("verify", "org/other").Fails(3, "LS-01"), StringComparison.Ordinal);
        Run("verify", "../x").Fails(3, "LS-01");
        Run("pull", "../x").Fails(2, "HB-20");
        Run("pull", Name, "--dtype", "bf16").Fails(2, "CL-02");
        Run("rm").Fails(2, "CL-02");
        Tool.Run("list", "--cache-dir", "").Fails(2, "CL-02");
    }

    [Fact]
    public void Rm_waits_for_whoever_loads_the_model_and_says_so()
    {
        using var error = new Watched("waiting for another process that loads or fetches org/tiny", FolderUse.Begin(_snapshot, TestContext.Current.CancellationToken)!);
        using var output = new StringWriter();
        Assert.Equal(0, CommandLine.Run(["rm", Name, "--yes", "--cache-dir", _cache], new Terminal { In = null, Out = output, Error = error }));
        Assert.Contains("waiting", error.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_snapshot));
    }

    private Outcome Run(params string[] args) => Tool.Run([.. args, "--cache-dir", _cache]);

    private string Keep()
    {
        ModelStore store = ModelStore.Beside(_cache);
        Assert.Equal(_folder.File("parscale"), store.Folder);
        LanguageModel.LoadKept(new ModelSource(_snapshot, Name, First), store, new LoadOptions { Dtype = WeightDtype.Q8 }, cancellationToken: TestContext.Current.CancellationToken).Dispose();
        return Assert.Single(store.List()).Path;
    }

    // Lets go of something once a line is written.
    private sealed class Watched(string line, IDisposable held) : StringWriter
    {
        public override void Write(string? value)
        {
            base.Write(value);
            if (value!.Contains(line, StringComparison.Ordinal)) held.Dispose();
        }
    }
}
