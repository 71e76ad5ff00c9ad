using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Store;

namespace ParScale.Tests.Store;

public sealed class QuantizedCopyTests : IDisposable
{
    private static readonly int[] Tokens = [3, 1, 4, 1, 5];
    private static readonly LoadOptions Q8 = new() { Dtype = WeightDtype.Q8 };

    private readonly TempFolder _folder = new();
    private readonly List<string> _notes = [];
    private readonly ModelStore _store;
    private readonly ModelSource _source;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public QuantizedCopyTests()
    {
        RandomCheckpoint.Write(_folder.File("model"), RandomCheckpoint.Config(2), seed: 5);
        _store = new ModelStore(_folder.File("store"));
        _source = new ModelSource(_folder.File("model"), "org/name", "c0ffee");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_first_start_quantises_and_the_second_one_maps()
    {
        float[] inMemory = Logits(() => LanguageModel.Load(_source.Folder, Q8));
        Assert.Equal(inMemory, Logits(Load));
        string kept = Assert.Single(_store.List()).Path;
        Assert.Contains(kept, Assert.Single(_notes), StringComparison.Ordinal);
        DateTime written = File.GetLastWriteTimeUtc(Path.Combine(kept, "model.safetensors"));
        Assert.Equal(inMemory, Logits(Load));
        Assert.Single(_notes);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(kept, "model.safetensors")));
        using LanguageModel model = Load();
        Assert.Equal(kept, model.Folder);
    }

    [Fact]
    public void Streams_that_do_not_fit_are_no_reason_to_make_it_again()
    {
        Load().Dispose();
        string kept = Assert.Single(_store.List()).Path;
        DateTime written = File.GetLastWriteTimeUtc(Path.Combine(kept, "model.safetensors"));
        RandomCheckpoint.Write(_folder.File("other"), RandomCheckpoint.Config(1, hidden: 48), seed: 9);
        RandomCheckpoint.WriteAddOn(_folder.File("added"), _folder.File("other"), new StreamConfig(2, 3, 0.1), seed: 5);
        _notes.Clear();
        Assert.StartsWith("AD-", Assert.Throws<ParScaleException>(() => Load(_source, Q8 with { AddedStreams = [_folder.File("added")] })).Code, StringComparison.Ordinal);
        Assert.Empty(_notes);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(kept, "model.safetensors")));
    }

    [Fact]
    public void Floats_and_folders_that_are_quantised_are_loaded_as_they_are()
    {
        using (LanguageModel floats = Load(_source, new LoadOptions())) Assert.Equal(_source.Folder, floats.Folder);
        Load().Dispose();
        var quantised = new ModelSource(Assert.Single(_store.List()).Path);
        using LanguageModel model = Load(quantised, Q8);
        Assert.Equal(quantised.Folder, model.Folder);
        Assert.Single(_store.List());
    }

    [Theory]
    [InlineData("QC-01")]
    [InlineData("QC-02")]
    [InlineData("QC-03")]
    [InlineData("QC-04")]
    [InlineData("QC-05")]
    [InlineData("identity")]
    public void What_cannot_be_trusted_is_made_again_with_one_note(string damage)
    {
        float[] expected = Logits(Load);
        string kept = Assert.Single(_store.List()).Path;
        Damage(kept, damage);
        _notes.Clear();
        Assert.Equal(expected, Logits(Load));
        Assert.Contains("made again", _notes[0], StringComparison.Ordinal);
        Assert.DoesNotContain("parscale quantize", _notes[0], StringComparison.Ordinal);
        Assert.Single(_notes, note => note.Contains("made again", StringComparison.Ordinal));
        _notes.Clear();
        Assert.Equal(expected, Logits(Load));
        Assert.Empty(_notes);
    }

    [Fact]
    public void A_source_that_changed_is_quantised_again()
    {
        float[] before = Logits(Load);
        RandomCheckpoint.Write(_source.Folder, RandomCheckpoint.Config(2), seed: 6);
        float[] after = Logits(Load);
        Assert.NotEqual(before, after);
        Assert.Equal(Logits(() => LanguageModel.Load(_source.Folder, Q8)), after);
        Assert.Single(_store.List());
    }

    [Fact]
    public void Chat_templates_come_along_and_one_that_changes_is_noticed()
    {
        Directory.CreateDirectory(_folder.File("model/additional_chat_templates"));
        _folder.Write("model/chat_template.jinja", "one");
        _folder.Write("model/additional_chat_templates/tools.jinja", "two");
        Load().Dispose();
        string kept = Assert.Single(_store.List()).Path;
        Assert.Equal("one", File.ReadAllText(Path.Combine(kept, "chat_template.jinja")));
        Assert.Equal("two", File.ReadAllText(Path.Combine(kept, "additional_chat_templates", "tools.jinja")));
        _folder.Write("model/additional_chat_templates/tools.jinja", "three");
        Load().Dispose();
        Assert.Equal("three", File.ReadAllText(Path.Combine(kept, "additional_chat_templates", "tools.jinja")));
    }

    [Fact]
    public void Each_type_and_each_commit_has_its_own()
    {
        Load().Dispose();
        Load(_source, new LoadOptions { Dtype = WeightDtype.Q4 }).Dispose();
        Load(_source with { Commit = "decade" }, Q8).Dispose();
        Assert.Equal([("c0ffee", WeightDtype.Q8), ("c0ffee", WeightDtype.Q4), ("decade", WeightDtype.Q8)], _store.List().Select(kept => (kept.Commit!, kept.Dtype!.Value)));
        foreach (KeptFolder kept in _store.List())
        {
            _store.Remove(kept);
        }
        Assert.Empty(_store.List());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_store.Folder, "models")));
    }

    [Fact]
    public void Removing_one_type_leaves_another_that_is_just_made()
    {
        Load().Dispose();
        KeptFolder kept = Assert.Single(_store.List());
        string making = Path.Combine(Path.GetDirectoryName(kept.Path)!, ".q4.0123.tmp");
        using (ModelStore.Lock(_store.PathOf(_source, WeightDtype.Q4), () => { }, Token))
        {
            Directory.CreateDirectory(making);
            _store.Remove(kept);
            Assert.False(Directory.Exists(kept.Path));
            Assert.True(Directory.Exists(making));
        }
        // What a kill left goes with the last copy.
        Load().Dispose();
        _store.Remove(Assert.Single(_store.List()));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_store.Folder, "models")));
    }

    [Fact]
    public void Removing_waits_for_whoever_loads_the_copy_and_says_so()
    {
        Load().Dispose();
        KeptFolder kept = Assert.Single(_store.List());
        IDisposable first = FolderUse.Begin(kept.Path, Token)!, second = FolderUse.Begin(kept.Path, Token)!;
        first.Dispose();
        int waits = 0;
        long freed = _store.Remove(kept, () =>
        {
            waits++;
            Assert.True(File.Exists(Path.Combine(kept.Path, "model.safetensors")));
            second.Dispose();
        }, Token);
        Assert.Equal((1, kept.Bytes), (waits, freed));
        Assert.False(Directory.Exists(kept.Path));
        Assert.Equal(0, _store.Remove(kept, () => { }, Token));
    }

    [Fact]
    public async Task Two_at_once_make_one_and_both_run()
    {
        float[][] both = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => Logits(Load))));
        Assert.Equal(both[0], both[1]);
        Assert.Single(_store.List());
        Assert.Single(_notes, note => note.StartsWith("quantised ", StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_kill_left_is_removed()
    {
        string place = Path.GetDirectoryName(_store.PathOf(_source, WeightDtype.Q8))!;
        string left = Directory.CreateDirectory(Path.Combine(place, ".q8.0123.tmp")).FullName;
        Load().Dispose();
        Assert.False(Directory.Exists(left));
    }

    [Fact]
    public void A_store_that_cannot_be_written_costs_one_note()
    {
        // A file where the folder should be: refused to every user, root included.
        _folder.Write("taken", "");
        var store = new ModelStore(_folder.File("taken"));
        using LanguageModel model = Load(_source, Q8, store);
        Assert.Equal(WeightDtype.Q8, model.Dtype);
        Assert.Equal(_source.Folder, model.Folder);
        Assert.Contains("not kept", Assert.Single(_notes), StringComparison.Ordinal);
        Assert.Empty(store.List());
    }

    [Fact]
    public void A_source_with_NaN_is_not_kept_and_runs_as_it_does_from_a_folder()
    {
        RandomCheckpoint.Write(_source.Folder, RandomCheckpoint.Config(2), seed: 5, change: (name, values) => values[0] = name.EndsWith("mlp.up_proj.weight", StringComparison.Ordinal) ? float.NaN : values[0]);
        using (LanguageModel model = Load()) Assert.NotEmpty(model.Notices);
        Assert.Contains("NaN", Assert.Single(_notes), StringComparison.Ordinal);
        Assert.Empty(_store.List());
        Assert.DoesNotContain(Directory.GetDirectories(_store.Folder, "*", SearchOption.AllDirectories), folder => folder.EndsWith(".tmp", StringComparison.Ordinal));
    }

    private LanguageModel Load() => Load(_source, Q8);

    private LanguageModel Load(ModelSource source, LoadOptions options, ModelStore? store = null) => LanguageModel.LoadKept(source, store ?? _store, options, note =>
    {
        lock (_notes) _notes.Add(note);
    }, cancellationToken: TestContext.Current.CancellationToken);

    private static float[] Logits(Func<LanguageModel> load)
    {
        using LanguageModel model = load();
        return model.Logits(Tokens).Last;
    }

    private static void Damage(string kept, string damage)
    {
        string weights = Path.Combine(kept, "model.safetensors"), config = Path.Combine(kept, "config.json");
        byte[] bytes = File.ReadAllBytes(weights);
        switch (damage)
        {
            case "QC-01": File.WriteAllBytes(weights, new byte[64]); break;
            case "QC-02": File.WriteAllText(config, File.ReadAllText(config).Replace("\"version\": 1", "\"version\": 2", StringComparison.Ordinal)); break;
            case "QC-03": File.WriteAllText(config, File.ReadAllText(config).Replace("0.1", "0.2", StringComparison.Ordinal)); break;
            case "QC-04": File.WriteAllBytes(weights, bytes[..^4096]); break;
            case "QC-05": bytes[^1] ^= 4; File.WriteAllBytes(weights, bytes); break;
            case "identity": File.Delete(MadeFrom.PathIn(kept)); break;
            default: throw new ArgumentOutOfRangeException(nameof(damage));
        }
    }
}
