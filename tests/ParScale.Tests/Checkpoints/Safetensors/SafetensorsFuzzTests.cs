using ParScale.Checkpoints.Safetensors;

namespace ParScale.Tests.Checkpoints.Safetensors;

/// <summary>Damaged files either load or fail with the one exception; nothing else may escape.</summary>
public class SafetensorsFuzzTests
{
    private const int Mutations = 5000;

    [Fact]
    public void Damaged_headers_never_crash()
    {
        using var folder = new TempFolder();
        string[] entries =
        [
            "\"__metadata__\":{\"format\":\"pt\"}", RawSafetensors.Entry("first.weight", "[2,3]", "[0,24]"),
            RawSafetensors.Entry("second \\u00e9", "[4]", "[24,32]", "\"BF16\""), RawSafetensors.Entry("third", "[]", "[32,36]"),
        ];
        byte[] good = RawSafetensors.Bytes($"{{{string.Join(',', entries)}}}", 36);
        string path = folder.File("fuzz.safetensors");
        var random = new Random(20_251_123);
        int refused = 0;
        for (int i = 0; i < Mutations; i++)
        {
            File.WriteAllBytes(path, Mutate(good, random));
            if (IsRefused(path)) refused++;
        }
        Assert.InRange(refused, Mutations / 2, Mutations);
    }

    private static bool IsRefused(string path)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            foreach (TensorInfo tensor in file.Tensors.Values) _ = file.Bytes(tensor).Length;
            return false;
        }
        catch (ParScaleException e)
        {
            Assert.DoesNotContain(e.Message, char.IsControl);
            return true;
        }
    }

    private static byte[] Mutate(byte[] good, Random random)
    {
        ReadOnlySpan<byte> likely = "{}[]\":,-.0123456789eE\\untf \0\u00ff"u8;
        List<byte> bytes = [.. good];
        for (int edits = random.Next(1, 4); edits > 0; edits--)
        {
            int at = random.Next(bytes.Count);
            byte value = random.Next(4) == 0 ? (byte)random.Next(256) : likely[random.Next(likely.Length)];
            switch (random.Next(5))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = value; break;
                case 2: bytes.Insert(at, value); break;
                case 3: bytes.RemoveAt(at); break;
                default: bytes.RemoveRange(at, bytes.Count - at); break;
            }
            if (bytes.Count == 0) break;
        }
        return [.. bytes];
    }
}
