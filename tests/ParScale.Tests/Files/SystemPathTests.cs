using ParScale.Files;

namespace ParScale.Tests.Files;

public class SystemPathTests
{
    [Theory]
    [InlineData("a/b", "a/b", "a/b")]
    [InlineData("a/./b//c/", "a/b/c", "a/b/c")]
    [InlineData("a/../b", "b", "b")]
    [InlineData("link", "link", "a/deep")]
    [InlineData("link/x", "link/x", "a/deep/x")]
    [InlineData("link/../x", "a/x", "a/x")]
    [InlineData("link/../../link/..", "a", "a")]
    [InlineData("gone/../x", "x", "x")]
    [InlineData("twice/..", "a", "a")]
    [InlineData("a/up/x", "a/up/x", "x")]
    [InlineData("nowhere/x", "nowhere/x", "not/there/x")]
    public void Dots_are_taken_as_the_system_takes_them(string path, string full, string real)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("this system takes dots by their letters");
        using var folder = new TempFolder();
        string root = SystemPath.Real(folder.Path);
        Directory.CreateDirectory(folder.File("a/deep"));
        Directory.CreateSymbolicLink(folder.File("link"), "a/deep");
        Directory.CreateSymbolicLink(folder.File("twice"), folder.File("link"));
        Directory.CreateSymbolicLink(folder.File("a/up"), "..");
        Directory.CreateSymbolicLink(folder.File("nowhere"), "not/there");
        Assert.Equal(Path.Combine(root, full), SystemPath.Full(Path.Combine(root, path)));
        Assert.Equal(Path.Combine(root, real), SystemPath.Real(Path.Combine(root, path)));
    }

    [Fact]
    public void Paths_count_from_the_current_folder()
    {
        Assert.Equal(Path.Combine(Environment.CurrentDirectory, "x"), SystemPath.Full("./x"));
        if (!OperatingSystem.IsWindows()) Assert.Equal("/", SystemPath.Full("/.."));
    }

    [Fact]
    public void A_link_to_itself_is_refused()
    {
        using var folder = new TempFolder();
        File.CreateSymbolicLink(folder.File("loop"), folder.File("loop"));
        if (!OperatingSystem.IsWindows()) Assert.Throws<IOException>(() => SystemPath.Real(folder.File("loop/x")));
    }
}
