using CsCheck;
using ParScale.Checkpoints.Safetensors;

namespace ParScale.Tests.Checkpoints.Safetensors;

public class SafetensorsWriterTests
{
    private static readonly Gen<TensorToWrite> GenTensor =
        from name in Gen.String[1, 20].Where(name => name != "__metadata__" && IsWellFormed(name))
        from type in Gen.Enum<TensorType>()
        from shape in Gen.Long[0, 4].Array[0, 4]
        from seed in Gen.Int
        select new TensorToWrite(name, type, shape, RandomBytes(seed, TensorSize.Bytes(type, shape)));

    [Fact]
    public void Written_tensors_are_read_back_and_written_again_the_same()
    {
        GenTensor.Array[0, 8].Select(tensors => tensors.DistinctBy(tensor => tensor.Name).ToArray()).Sample(
            tensors =>
            {
                using var folder = new TempFolder();
                string first = folder.File("first.safetensors");
                string second = folder.File("second.safetensors");
                SafetensorsWriter.Write(first, tensors);
                using (SafetensorsFile file = SafetensorsFile.Open(first))
                {
                    foreach (TensorToWrite tensor in tensors) AssertSame(tensor, file);
                    SafetensorsWriter.Write(second, [.. file.Tensors.Values.Select(tensor => Copy(file, tensor))], file.Metadata);
                }
                Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
            },
            iter: 300, threads: 1);
    }

    [Fact]
    public void The_data_starts_at_a_multiple_of_eight_and_wide_types_come_first()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.safetensors");
        SafetensorsWriter.Write(path, [Zeros("a", TensorType.U8, 3), Zeros("b", TensorType.BF16, 3), Zeros("c", TensorType.F32, 3)]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.All(file.Tensors.Values, tensor => Assert.Equal(0, tensor.Offset % tensor.Type.ByteSize()));
        Assert.Equal(0, file.Tensors["c"].Offset % 8);
    }

    [Fact]
    public void A_failed_write_leaves_the_old_file_and_nothing_else()
    {
        using var folder = new TempFolder();
        string path = folder.File("a.safetensors");
        SafetensorsWriter.Write(path, [Zeros("a", TensorType.F32, 3)]);
        byte[] before = File.ReadAllBytes(path);
        var failing = new TensorToWrite("b", TensorType.F32, [2], _ => throw new IOException("disk\nfull"));
        BadInput.Expect(ErrorKind.Io, "IO-01", () => SafetensorsWriter.Write(path, [Zeros("a", TensorType.F32, 9), failing]), long.MaxValue,
            "a.safetensors", "disk full");
        var tooShort = new TensorToWrite("c", TensorType.F32, [2], new byte[7]);
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(path, [tooShort]));
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_name_may_stand_only_once()
    {
        using var folder = new TempFolder();
        TensorToWrite[] twice = [Zeros("a", TensorType.U8, 1), Zeros("a", TensorType.F32, 1)];
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder.File("a.safetensors"), twice));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_missing_folder_is_an_error_of_the_disk()
    {
        using var folder = new TempFolder();
        string path = Path.Combine(folder.Path, "none", "a.safetensors");
        BadInput.Expect(ErrorKind.Io, "IO-01", () => SafetensorsWriter.Write(path, []), long.MaxValue, "a.safetensors");
    }

    private static TensorToWrite Zeros(string name, TensorType type, int count) =>
        new(name, type, [count], new byte[count * type.ByteSize()]);

    private static TensorToWrite Copy(SafetensorsFile file, TensorInfo tensor) =>
        new(tensor.Name, tensor.Type, tensor.Shape, file.Bytes(tensor).ToArray());

    private static void AssertSame(TensorToWrite written, SafetensorsFile file)
    {
        TensorInfo read = file.Tensors[written.Name];
        using var bytes = new MemoryStream();
        written.WriteTo(bytes);
        Assert.Equal(written.Type, read.Type);
        Assert.Equal(written.Shape, read.Shape);
        Assert.Equal(bytes.ToArray(), file.Bytes(read).ToArray());
    }

    private static bool IsWellFormed(string name) =>
        name.EnumerateRunes().All(rune => rune != System.Text.Rune.ReplacementChar);

    private static byte[] RandomBytes(int seed, long count)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
