using ParScale.Cli.Chat.Editing;

namespace ParScale.Cli.Tests.Chat.Editing;

/// <summary>What was typed before, in a file.</summary>
public sealed class LineHistoryTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string State => _folder.File("state/parscale");

    private string FileName => Path.Combine(State, "chat-history.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Entries_come_back_in_order_and_none_twice_in_a_row()
    {
        LineHistory history = LineHistory.Open(State);
        foreach (string text in (string[])["one", "two\nlines \"quoted\"", "two\nlines \"quoted\"", "日本 😀", "one"]) history.Add(text);
        string[] expected = ["one", "two\nlines \"quoted\"", "日本 😀", "one"];
        Assert.Equal(expected, history.Entries);
        Assert.Equal(expected, LineHistory.Open(State).Entries);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FileName));
    }

    [Fact]
    public void Damaged_lines_are_passed_over()
    {
        Directory.CreateDirectory(State);
        File.WriteAllText(FileName, "\"good\"\nno json\n{\"a\":1}\n\"\\ud800\"\n\"cut off");
        Assert.Equal(["good"], LineHistory.Open(State).Entries);
    }

    [Fact]
    public void Only_the_newest_are_kept_and_a_large_file_is_written_anew()
    {
        LineHistory history = LineHistory.Open(State);
        for (int i = 0; i < 2100; i++) history.Add($"entry {i}");
        Assert.InRange(File.ReadLines(FileName).Count(), 1000, 2001);
        Assert.Equal("entry 2099", LineHistory.Open(State).Entries[^1]);
        Assert.Equal(1000, LineHistory.Open(State).Entries.Count);
    }

    [Fact]
    public void Without_a_folder_or_where_it_cannot_be_written_it_lasts_as_long_as_the_program()
    {
        File.WriteAllText(_folder.File("file"), "");
        foreach (string? state in (string?[])[null, _folder.File("file/below")])
        {
            LineHistory history = LineHistory.Open(state);
            history.Add("one");
            Assert.Equal(["one"], history.Entries);
        }
    }
}
