using ParScale.Training.Checkpointing;

namespace ParScale.Training.Tests.Checkpointing;

public sealed class FolderSyncTests
{
    [Fact]
    public void A_folder_is_flushed_and_one_that_cannot_be_opened_is_passed_over()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("é"));
        FolderSync.Flush(folder.File("é"));
        FolderSync.Flush(folder.File("not there"));
    }
}
