using System.Text.Json.Nodes;
using ParScale.Training.Checkpointing;

namespace ParScale.Training.Tests.Checkpointing;

/// <summary>A run of twelve steps with checkpoint-6 and checkpoint-12, made once; every test damages its own copy.</summary>
public sealed class DamagedCheckpointTests : IClassFixture<DamagedCheckpointTests.FinishedRun>
{
    private readonly FinishedRun _run;

    public DamagedCheckpointTests(FinishedRun run) => _run = run;

    [Theory]
    [InlineData("no manifest", "CK-01")]
    [InlineData("manifest cut", "CK-01")]
    [InlineData("manifest leads out", "CK-01")]
    [InlineData("no optimizer", "CK-02")]
    [InlineData("no optimizer in the manifest", "CK-02")]
    [InlineData("cut", "CK-03")]
    [InlineData("older optimizer", "CK-05")]
    [InlineData("older optimizer, new manifest", "CK-05")]
    [InlineData("older state, new manifest", "CK-05")]
    [InlineData("renamed", "CK-05")]
    [InlineData("later version", "CK-08")]
    [InlineData("no seed", "CK-11")]
    [InlineData("no step", "CK-11")]
    public void A_damaged_checkpoint_is_named_and_the_one_before_is_used(string damage, string code)
    {
        using TempFolder folder = _run.Copy();
        Damage(folder, damage, "checkpoint-12");
        AssertResumesFromSix(folder, code);
    }

    [Fact]
    public void One_flipped_bit_in_any_file_is_found()
    {
        string[] files = [.. Directory.GetFiles(_run.Folder.File("run/checkpoint-12")).Select(path => Path.GetFileName(path))];
        Assert.Contains("tokenizer.json", files);
        foreach (string file in files.Where(name => name != CheckpointManifest.FileName))
        {
            foreach (double place in (double[])[0, 0.3, 0.999])
            {
                using TempFolder folder = _run.Copy();
                string path = folder.File($"run/checkpoint-12/{file}");
                byte[] bytes = File.ReadAllBytes(path);
                bytes[(int)(place * bytes.Length)] ^= 16;
                File.WriteAllBytes(path, bytes);
                CheckpointFault? fault = CheckpointCheck.Find(folder.File("run/checkpoint-12"), 12);
                Assert.Equal("CK-04", fault?.Code);
                Assert.StartsWith(file, fault?.Reason, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_checkpoint_of_links_is_whole()
    {
        using TempFolder folder = _run.Copy();
        string checkpoint = Directory.GetDirectories(folder.Path, "checkpoint-12", SearchOption.AllDirectories).Single(), blobs = folder.File("blobs");
        Directory.CreateDirectory(blobs);
        foreach (string path in Directory.GetFiles(checkpoint))
        {
            string name = Path.GetFileName(path);
            File.Move(path, Path.Combine(blobs, name));
            File.CreateSymbolicLink(path, Path.GetRelativePath(checkpoint, Path.Combine(blobs, name)));
        }
        Assert.Null(CheckpointCheck.Find(checkpoint, 12));
        File.Delete(Path.Combine(blobs, "optimizer.safetensors"));
        Assert.Equal("CK-02", CheckpointCheck.Find(checkpoint, 12)?.Code);
    }

    [Theory]
    [InlineData("no manifest", "CK-01")]
    [InlineData("no optimizer", "CK-02")]
    [InlineData("cut", "CK-03")]
    [InlineData("later version", "CK-08")]
    [InlineData("no seed", "CK-11")]
    public void None_usable_is_exit_3_and_nothing_is_deleted(string damage, string code)
    {
        using TempFolder folder = _run.Copy();
        Damage(folder, damage, "checkpoint-6");
        Damage(folder, damage, "checkpoint-12");
        string[] before = Files(folder);
        (int exitCode, string[] errors) = InProcess.Run([.. _run.FlagsIn(folder), "--resume"]);
        Assert.Equal((3, 3), (exitCode, errors.Length));
        Assert.StartsWith($"note: skipped checkpoint-12 ({code}): ", errors[0], StringComparison.Ordinal);
        Assert.StartsWith($"note: skipped checkpoint-6 ({code}): ", errors[1], StringComparison.Ordinal);
        Assert.StartsWith($"parscale-train: error {code}: run: no checkpoint can be used, of 2", errors[2], StringComparison.Ordinal);
        Assert.Equal(before, Files(folder));
    }

    [Fact]
    public void A_skipped_checkpoint_is_neither_counted_nor_deleted()
    {
        using TempFolder folder = _run.Copy();
        // A signal saved step 11, and step 12 never came.
        Directory.Move(folder.File("run/checkpoint-12"), folder.File("run/checkpoint-11"));
        (int exitCode, string[] errors) = InProcess.Run([.. _run.FlagsIn(folder), "--resume", "--keep", "1"]);
        Assert.Equal(0, exitCode);
        Assert.Contains(errors, line => line.StartsWith("note: skipped checkpoint-11 (CK-05)", StringComparison.Ordinal));
        Assert.Equal(["checkpoint-11", "checkpoint-12"], Names(folder, "checkpoint-*"));
    }

    [Fact]
    public void Leftovers_of_a_kill_are_ignored_and_removed_and_no_pointer_is_needed()
    {
        using TempFolder folder = _run.Copy();
        // CK-09: there is no `latest` to point anywhere; one that another tool left is not followed.
        File.WriteAllText(folder.File("run/latest"), "checkpoint-99");
        foreach (string name in (string[])[".unfinished-checkpoint-18", ".replaced-checkpoint-12", ".removed-checkpoint-3"])
            Copy(folder.File("run/checkpoint-6"), folder.File($"run/{name}"));
        (int exitCode, string[] errors) = InProcess.Run([.. _run.FlagsIn(folder), "--resume"]);
        Assert.Equal(0, exitCode);
        Assert.DoesNotContain(errors, line => line.StartsWith("note: skipped", StringComparison.Ordinal));
        Assert.Empty(Directory.GetDirectories(folder.File("run"), ".*"));
        Assert.Equal(["checkpoint-12", "checkpoint-6"], Names(folder, "checkpoint-*"));
    }

    private void AssertResumesFromSix(TempFolder folder, string code)
    {
        (int exitCode, string[] errors) = InProcess.Run([.. _run.FlagsIn(folder), "--resume"]);
        Assert.Equal(0, exitCode);
        string note = Assert.Single(errors, line => line.StartsWith("note: skipped", StringComparison.Ordinal));
        Assert.StartsWith("note: skipped checkpoint-1", note, StringComparison.Ordinal);
        Assert.Contains($" ({code}): ", note, StringComparison.Ordinal);
        // Steps 7 to 12 were made again, and gave what they gave before.
        foreach (string file in (string[])["model.safetensors", "optimizer.safetensors"])
            Assert.Equal(File.ReadAllBytes(_run.Folder.File($"run/checkpoint-12/{file}")), File.ReadAllBytes(folder.File($"run/checkpoint-12/{file}")));
        Assert.Null(CheckpointCheck.Find(folder.File("run/checkpoint-12"), 12));
    }

    private static void Damage(TempFolder folder, string damage, string checkpoint)
    {
        string at = folder.File($"run/{checkpoint}"), manifest = Path.Combine(at, CheckpointManifest.FileName);
        string optimizer = Path.Combine(at, CheckpointCheck.OptimizerFile), state = Path.Combine(at, CheckpointCheck.StateFile);
        switch (damage)
        {
            case "no manifest": File.Delete(manifest); break;
            case "manifest cut": File.WriteAllText(manifest, File.ReadAllText(manifest)[..^20]); break;
            case "manifest leads out": Edit(manifest, json => json["files"]![0]!["name"] = "../secret"); break;
            case "later version": Edit(manifest, json => json["version"] = 2); break;
            case "no optimizer": File.Delete(optimizer); break;
            case "no optimizer in the manifest": File.Delete(optimizer); CheckpointManifest.Write(at, 12); break;
            case "cut": File.WriteAllBytes(optimizer, File.ReadAllBytes(optimizer)[..^1]); break;
            case "older optimizer": File.Copy(folder.File($"run/checkpoint-6/{CheckpointCheck.OptimizerFile}"), optimizer, overwrite: true); break;
            case "older optimizer, new manifest": Damage(folder, "older optimizer", checkpoint); CheckpointManifest.Write(at, 12); break;
            case "older state, new manifest":
                File.Copy(folder.File($"run/checkpoint-6/{CheckpointCheck.StateFile}"), state, overwrite: true);
                CheckpointManifest.Write(at, 12);
                break;
            case "renamed": Directory.Move(at, folder.File("run/checkpoint-13")); break;
            case "no seed": Edit(state, json => json["options"]!.AsObject().Remove("seed")); CheckpointManifest.Write(at, CheckpointManifest.Read(at).Manifest!.Step); break;
            case "no step": Edit(state, json => json.AsObject().Remove("step")); CheckpointManifest.Write(at, 12); break;
            default: throw new ArgumentException(damage);
        }
    }

    private static void Edit(string file, Action<JsonNode> change)
    {
        JsonNode json = JsonNode.Parse(File.ReadAllText(file))!;
        change(json);
        File.WriteAllText(file, json.ToJsonString());
    }

    private static string[] Names(TempFolder folder, string pattern) =>
        [.. Directory.GetDirectories(folder.File("run"), pattern).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static string[] Files(TempFolder folder) =>
    [
        .. Directory.GetFiles(folder.File("run"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => $"{path} {new FileInfo(path).Length}"),
    ];

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (string folder in Directory.GetDirectories(from)) Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }

    public sealed class FinishedRun : IDisposable
    {
        private readonly string[] _flags;

        public FinishedRun()
        {
            _flags = Samples.Run(Folder, "run");
            Assert.Equal(0, InProcess.Run(_flags).ExitCode);
        }

        internal TempFolder Folder { get; } = new();

        public void Dispose() => Folder.Dispose();

        internal TempFolder Copy()
        {
            var copy = new TempFolder();
            DamagedCheckpointTests.Copy(Folder.File("run"), copy.File("run"));
            return copy;
        }

        /// <summary>The flags of the run, for its copy in <paramref name="folder"/>.</summary>
        internal string[] FlagsIn(TempFolder folder) => [.. _flags.Select(flag => flag == Folder.File("run") ? folder.File("run") : flag)];
    }
}
