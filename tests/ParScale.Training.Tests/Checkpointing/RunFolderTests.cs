using ParScale.Checkpoints.Safetensors;
using ParScale.Training.Checkpointing;

namespace ParScale.Training.Tests.Checkpointing;

public sealed class RunFolderTests
{
    [Theory]
    [InlineData(true, "new")]
    [InlineData(false, "old")]
    public void A_kill_between_two_renames_loses_no_model(bool successorCame, string expected)
    {
        using var folder = new TempFolder();
        Put(folder, ".replaced-best", "old");
        Put(folder, ".unfinished-best", "half");
        if (successorCame) Put(folder, "best", "new");

        using var run = new RunFolder(folder.File("run"), folder.File("none"), TensorType.F32);
        run.Prepare(resume: true);

        Assert.Equal([folder.File("run/best")], Directory.GetDirectories(folder.File("run")));
        Assert.Equal(expected, File.ReadAllText(folder.File("run/best/which.txt")));
    }

    [Fact]
    public void The_newest_whole_checkpoint_is_by_number()
    {
        using var folder = new TempFolder();
        using var run = new RunFolder(folder.File("run"), folder.File("none"), TensorType.F32);
        run.Prepare(resume: false);
        Assert.Null(run.UsableCheckpoint());
        foreach (string name in (string[])["checkpoint-9", "checkpoint-10", "checkpoint-x"])
        {
            Put(folder, name, "", "model.safetensors");
            Put(folder, name, "", "optimizer.safetensors");
            Put(folder, name, $"{{\"step\":{name[11..].Replace('x', '9')},\"options\":{{\"seed\":1}}}}", "trainer_state.json");
            CheckpointManifest.Write(folder.File($"run/{name}"), name == "checkpoint-10" ? 10 : 9);
        }
        Put(folder, "checkpoint-11", "");
        Assert.Equal(folder.File("run/checkpoint-10"), run.UsableCheckpoint());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_second_trainer_is_refused_until_the_first_has_ended(bool resume)
    {
        using var folder = new TempFolder();
        using (var first = new RunFolder(folder.File("run"), folder.File("none"), TensorType.F32))
        {
            first.Prepare(resume: false);
            Put(folder, "checkpoint-1", "1");
            using var second = new RunFolder(folder.File("run"), folder.File("none"), TensorType.F32);
            var error = Assert.Throws<ParScaleException>(() => second.Prepare(resume));
            Assert.Equal((ErrorKind.Io, "CK-12"), (error.Kind, error.Code));
            Assert.Contains(folder.File("run"), error.Message, StringComparison.Ordinal);
        }
        using var later = new RunFolder(folder.File("run"), folder.File("none"), TensorType.F32);
        later.Prepare(resume: true);
        Assert.True(Directory.Exists(folder.File("run/checkpoint-1")));
    }

    [Fact]
    public void A_folder_with_nothing_but_a_lock_counts_as_empty()
    {
        using var folder = new TempFolder();
        for (int i = 0; i < 2; i++)
        {
            using var run = new RunFolder(folder.File("run"), folder.File("none"), TensorType.F32);
            run.Prepare(resume: false);
        }
        Assert.Equal([folder.File("run/run.lock")], Directory.GetFileSystemEntries(folder.File("run")));
    }

    private static void Put(TempFolder folder, string name, string text, string file = "which.txt")
    {
        Directory.CreateDirectory(folder.File($"run/{name}"));
        File.WriteAllText(folder.File($"run/{name}/{file}"), text);
    }
}
