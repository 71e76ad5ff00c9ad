using ParScale.Checkpoints;
using ParScale.Training.Runs;

namespace ParScale.Training.Tests.Runs;

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

        new RunFolder(folder.File("run"), folder.File("none"), TensorType.F32).Prepare(resume: true);

        Assert.Equal([folder.File("run/best")], Directory.GetFileSystemEntries(folder.File("run")));
        Assert.Equal(expected, File.ReadAllText(folder.File("run/best/which.txt")));
    }

    [Fact]
    public void Only_whole_checkpoints_count_and_the_newest_is_by_number()
    {
        using var folder = new TempFolder();
        var run = new RunFolder(folder.File("run"), folder.File("none"), TensorType.F32);
        run.Prepare(resume: false);
        Assert.Null(run.NewestCheckpoint());
        foreach (string name in (string[])["checkpoint-9", "checkpoint-10", "checkpoint-x"]) Put(folder, name, "", "trainer_state.json");
        Put(folder, "checkpoint-11", "");
        Assert.Equal(folder.File("run/checkpoint-10"), run.NewestCheckpoint());
    }

    private static void Put(TempFolder folder, string name, string text, string file = "which.txt")
    {
        Directory.CreateDirectory(folder.File($"run/{name}"));
        File.WriteAllText(folder.File($"run/{name}/{file}"), text);
    }
}
