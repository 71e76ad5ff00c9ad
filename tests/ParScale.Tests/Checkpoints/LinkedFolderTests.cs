using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Configuration;
using ParScale.Kernels.Formats;
using ParScale.Quantization;

namespace ParScale.Tests.Checkpoints;

/// <summary>
/// Folders whose files are relative links, reached through a link of another depth: taken by their letters, the paths lead nowhere.
/// </summary>
public class LinkedFolderTests
{
    private static readonly int[] Tokens = [3, 1, 4];

    [Fact]
    public void A_snapshot_of_a_hub_cache_is_opened()
    {
        using var folder = new TempFolder();
        string snapshot = Snapshot(folder, "hub/models--a--b", RandomCheckpoint.Config(2));
        Directory.CreateSymbolicLink(folder.File("model"), snapshot);
        Same(snapshot, folder.File("model"));
        Directory.CreateDirectory(folder.File("deep/er/still"));
        Directory.CreateSymbolicLink(folder.File("deep/er/still/model"), "../../../model");
        Same(snapshot, folder.File("deep/er/still/model"));
    }

    [Fact]
    public void A_volume_of_Kubernetes_is_opened()
    {
        using var folder = new TempFolder();
        string volume = folder.File("mnt/volume"), data = Path.Combine(volume, "..2024_01_02");
        RandomCheckpoint.Write(data, RandomCheckpoint.Config(2), seed: 1);
        Directory.CreateSymbolicLink(Path.Combine(volume, "..data"), "..2024_01_02");
        foreach (string file in Directory.GetFiles(data)) File.CreateSymbolicLink(Path.Combine(volume, Path.GetFileName(file)), $"..data/{Path.GetFileName(file)}");
        Directory.CreateSymbolicLink(folder.File("model"), "mnt/volume");
        Same(data, folder.File("model"));
        Quantizer.Run(folder.File("model"), folder.File("q8"), WeightDtype.Q8, cancellationToken: TestContext.Current.CancellationToken);
        LanguageModel.Load(folder.File("q8")).Dispose();
    }

    [Fact]
    public void A_quantised_folder_is_proved_through_links()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.File("float"), RandomCheckpoint.Config(2), seed: 1);
        Quantizer.Run(folder.File("float"), folder.File("q8"), WeightDtype.Q8, cancellationToken: TestContext.Current.CancellationToken);
        string snapshot = Snapshot(folder, "hub/models--a--q8", folder.File("q8"));
        Directory.CreateSymbolicLink(folder.File("model"), snapshot);
        Same(folder.File("q8"), folder.File("model"));
        string blob = Path.Combine(folder.File("hub/models--a--q8/blobs"), "config.json");
        File.WriteAllText(blob, File.ReadAllText(blob) + " ");
        Assert.Equal("QC-03", Assert.Throws<ParScaleException>(() => LanguageModel.Load(folder.File("model"))).Code);
    }

    [Fact]
    public void A_pipe_at_the_end_of_links_is_refused()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("named pipes are not files here");
        using var folder = new TempFolder();
        string snapshot = Snapshot(folder, "hub/models--a--b", RandomCheckpoint.Config(2));
        Directory.CreateSymbolicLink(folder.File("model"), snapshot);
        foreach (string name in (string[])["model.safetensors", "config.json"])
        {
            string blob = Path.Combine(folder.File("hub/models--a--b/blobs"), name);
            File.Delete(blob);
            using (var make = System.Diagnostics.Process.Start("mkfifo", [blob])) make.WaitForExit();
            Assert.Contains(Assert.Throws<ParScaleException>(() => Checkpoint.Open(folder.File("model"))).Code, (string[])["ST-01", "CF-01"]);
        }
    }

    [Fact]
    public void The_backbone_lies_beside_where_the_addon_really_is()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.File("disk/models/plain"), RandomCheckpoint.Config(1), seed: 1);
        Directory.CreateSymbolicLink(folder.File("work"), "disk/runs");
        Directory.CreateDirectory(folder.File("disk/runs/addon"));
        BackboneReference reference;
        using (Checkpoint plain = Checkpoint.Open(folder.File("disk/models/plain")))
            reference = new BackboneReference(folder.File("work/../models/plain"), BackboneHash.Of(plain)).From(folder.File("work/addon"));
        Assert.Equal("../../models/plain", reference.Path);
        CheckpointConfig config = RandomCheckpoint.Config(2) with { Backbone = reference };
        File.WriteAllText(folder.File("disk/runs/addon/config.json"), config.ToJson());
        SafetensorsWriter.Write(folder.File("disk/runs/addon/model.safetensors"),
            [.. TinyModel.Tensors(config).Where(tensor => ModelTensors.IsOfStreams(tensor.Name))]);
        Directory.CreateSymbolicLink(folder.File("model"), "work/addon");
        Same(folder.File("disk/runs/addon"), folder.File("model"));
        Same(folder.File("disk/runs/addon"), folder.File("model/../../runs/addon"));
    }

    [Fact]
    public void The_source_is_not_replaced_through_a_link()
    {
        using var folder = new TempFolder();
        RandomCheckpoint.Write(folder.File("float"), RandomCheckpoint.Config(2), seed: 1);
        Quantizer.Run(folder.File("float"), folder.File("q8"), WeightDtype.Q8, cancellationToken: TestContext.Current.CancellationToken);
        Directory.CreateSymbolicLink(folder.File("link"), "q8");
        Assert.Equal("QZ-02", Assert.Throws<ParScaleException>(() => OutputFolder.RequireFree(folder.File("link"), folder.File("q8"), replace: true)).Code);
    }

    private static void Same(string real, string linked)
    {
        using LanguageModel a = LanguageModel.Load(real), b = LanguageModel.Load(linked);
        Assert.Equal(Last(a), Last(b));
        Assert.Equal(a.Notices, b.Notices);
    }

    private static float[] Last(LanguageModel model) => model.Logits(Tokens, TestContext.Current.CancellationToken).Last.ToArray();

    private static string Snapshot(TempFolder folder, string name, CheckpointConfig config)
    {
        RandomCheckpoint.Write(folder.File("written"), config, seed: 1);
        return Snapshot(folder, name, folder.File("written"));
    }

    /// <summary>A folder as the hub's client lays it out: every file of a revision is a link to one of all revisions.</summary>
    private static string Snapshot(TempFolder folder, string name, string source)
    {
        string blobs = folder.File($"{name}/blobs"), snapshot = folder.File($"{name}/snapshots/0123abcd");
        Directory.CreateDirectory(blobs);
        Directory.CreateDirectory(snapshot);
        foreach (string file in Directory.GetFiles(source))
        {
            File.Copy(file, Path.Combine(blobs, Path.GetFileName(file)));
            File.CreateSymbolicLink(Path.Combine(snapshot, Path.GetFileName(file)), $"../../blobs/{Path.GetFileName(file)}");
        }
        return snapshot;
    }
}
