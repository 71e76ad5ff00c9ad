using ParScale.Cli.Tests.Support;

namespace ParScale.Cli.Tests.Options;

/// <summary>Rows IN-01 and TK-11: texts from files and pipes that nobody wrote with care.</summary>
public class TextSourceTests(TinyModel model)
{
    public static TheoryData<byte[], string> Texts => new()
    {
        { [0x61, 0xFF, 0x62], "a\uFFFDb" },
        { [0x61, 0xC3], "a\uFFFD" },
        { [0xED, 0xA0, 0x80], "\uFFFD\uFFFD\uFFFD" },
        { [0xFF, 0xFE, 0x61, 0x00], "\uFFFD\uFFFDa\0" },
        { [0xFE, 0xFF, 0x00, 0x61], "\uFFFD\uFFFD\0a" },
        { [0xEF, 0xBB, 0xBF, 0x61], "a" },
        { [0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF, 0x61], "\uFEFFa" },
        { [], "" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void TK_11_what_is_not_UTF_8_is_replaced_and_no_other_encoding_is_guessed(byte[] bytes, string text)
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "text.txt");
        File.WriteAllBytes(file, bytes);
        string expected = Tool.Run("tokenize", "-m", model.Folder, "-p", text).Out;

        Outcome piped = Tool.PipeStream(new MemoryStream(bytes), "tokenize", "-m", model.Folder);
        Outcome read = Tool.Run("tokenize", "-m", model.Folder, "--file", file);
        Assert.Equal((0, expected), (piped.Exit, piped.Out));
        Assert.Equal((0, expected), (read.Exit, read.Out));
        Assert.Equal(text.Contains('\uFFFD'), read.Error.StartsWith("parscale: \"text.txt\" is not all UTF-8;", StringComparison.Ordinal));
        Assert.Equal(bytes.Length > 0 && bytes[0] >= 0xFE, read.Error.Contains("UTF-16", StringComparison.Ordinal));
        Assert.Equal("", Tool.Run("tokenize", "-m", model.Folder, "--file", file, "-q").Error);
    }

    [Theory]
    [InlineData("generate")]
    [InlineData("score")]
    [InlineData("tokenize")]
    [InlineData("detokenize")]
    public void IN_01_a_pipe_without_end_is_refused(string command)
    {
        using var endless = new EndlessStream();
        string error = Tool.PipeStream(endless, command, "-m", model.Folder).Fails(3, "IN-01");
        Assert.Contains("256 MiB", error, StringComparison.Ordinal);
        Assert.InRange(endless.Given, 1L << 28, (1L << 28) + (1 << 20));
    }

    [Fact]
    public void IN_01_a_device_that_holds_0_bytes_and_never_ends_is_refused()
    {
        if (!File.Exists("/dev/zero")) Assert.Skip("this system has no /dev/zero");
        Assert.Contains("256 MiB", Tool.Run("tokenize", "-m", model.Folder, "--file", "/dev/zero").Fails(3, "IN-01"), StringComparison.Ordinal);
    }

    [Fact]
    public void IN_01_missing_files_folders_and_links_to_nothing_are_refused()
    {
        using var folder = new TempFolder();
        string loop = Path.Combine(folder.Path, "loop"), dangling = Path.Combine(folder.Path, "dangling");
        foreach (string path in new[] { "", folder.Path, dangling, new('x', 300), new('x', 5000) })
            Tool.Run("score", "-m", model.Folder, "--file", path).Fails(3, "IN-01");
        if (OperatingSystem.IsWindows()) return;
        File.CreateSymbolicLink(loop, loop);
        File.CreateSymbolicLink(dangling, Path.Combine(folder.Path, "nothing"));
        foreach (string path in new[] { loop, dangling }) Tool.Run("score", "-m", model.Folder, "--file", path).Fails(3, "IN-01");
    }

    [Fact]
    public void IN_01_a_file_that_may_not_be_read_is_refused()
    {
        if (Environment.IsPrivilegedProcess) Assert.Skip("root may read everything");
        using var folder = new TempFolder();
        string file = folder.Write("secret.txt", "x");
        if (OperatingSystem.IsWindows()) Assert.Skip("needs POSIX permissions");
        else File.SetUnixFileMode(file, UnixFileMode.None);
        Assert.Contains("permissions", Tool.Run("score", "-m", model.Folder, "--file", file).Fails(3, "IN-01"), StringComparison.Ordinal);
    }

    [Fact]
    public void IN_01_a_reading_error_is_not_the_files_fault()
    {
        const string unreadable = "/proc/self/mem";
        if (!File.Exists(unreadable)) Assert.Skip("needs a file that opens and cannot be read");
        Tool.Run("score", "-m", model.Folder, "--file", unreadable).Fails(4, "IO-01");
    }

    /// <summary>Says "y" for ever, as <c>yes</c> does.</summary>
    private sealed class EndlessStream : Stream
    {
        public long Given { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            buffer.AsSpan(offset, count).Fill((byte)'y');
            Given += count;
            return count;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
