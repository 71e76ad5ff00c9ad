using System.Diagnostics;
using ParScale.Checkpoints.Safetensors;

namespace ParScale.Tests.Checkpoints.Safetensors;

/// <summary>ST-29: what stands where a file should be. None of it may block or be read.</summary>
public class SafetensorsFileSourceTests
{
    private const string Name = "model.safetensors";

    [Fact]
    public void ST29_a_missing_file_is_named()
    {
        using var folder = new TempFolder();
        BadInput.Expect("ST-29", () => SafetensorsFile.Open(folder.File(Name)).Dispose(), Name);
    }

    [Fact]
    public void ST29_a_folder_is_refused()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File(Name));
        BadInput.Expect("ST-29", () => SafetensorsFile.Open(folder.File(Name)).Dispose(), Name, "folder");
    }

    [Fact]
    public void ST29_a_pipe_is_refused_without_waiting_for_a_writer()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("named pipes are not files here");
        using var folder = new TempFolder();
        using (var make = Process.Start("mkfifo", [folder.File("pipe")])) make.WaitForExit();
        File.CreateSymbolicLink(folder.File(Name), "pipe");
        BadInput.Expect("ST-01", () => SafetensorsFile.Open(folder.File("pipe")).Dispose(), "pipe");
        BadInput.Expect("ST-01", () => SafetensorsFile.Open(folder.File(Name)).Dispose(), Name);
    }

    [Fact]
    public void ST29_an_endless_device_is_refused()
    {
        if (!File.Exists("/dev/zero")) Assert.Skip("there is no /dev/zero here");
        using var folder = new TempFolder();
        File.CreateSymbolicLink(folder.File(Name), "/dev/zero");
        BadInput.Expect("ST-01", () => SafetensorsFile.Open("/dev/zero").Dispose(), "zero");
        BadInput.Expect("ST-01", () => SafetensorsFile.Open(folder.File(Name)).Dispose(), Name);
    }

    [Fact]
    public void ST29_a_file_that_may_not_be_read_is_refused()
    {
        using var folder = new TempFolder();
        string path = folder.Write(Name, RawSafetensors.Bytes("{}", 0));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.None);
        if (CanRead(path)) Assert.Skip("this system or user reads files of mode 000");
        BadInput.Expect("ST-29", () => SafetensorsFile.Open(path).Dispose(), Name, "permissions");
    }

    [Fact]
    public void A_dangling_link_is_refused_and_a_good_one_is_followed()
    {
        using var folder = new TempFolder();
        File.CreateSymbolicLink(folder.File(Name), "blob");
        BadInput.Expect("ST-29", () => SafetensorsFile.Open(folder.File(Name)).Dispose(), Name);
        folder.Write("blob", RawSafetensors.Bytes("{}", 0));
        using SafetensorsFile file = SafetensorsFile.Open(folder.File(Name));
        Assert.Empty(file.Tensors);
    }

    private static bool CanRead(string path)
    {
        try
        {
            File.OpenRead(path).Dispose();
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }
}
