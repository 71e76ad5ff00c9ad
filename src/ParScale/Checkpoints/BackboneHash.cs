using System.IO.Hashing;
using System.Text;

namespace ParScale.Checkpoints;

/// <summary>Tells one backbone from another by its values, however they are spread over files.</summary>
public static class BackboneHash
{
    private const int PieceBytes = 1 << 26;

    /// <summary>
    /// XXH128 over name, type, shape and bytes of every tensor that the plain model of this checkpoint has, in the order of
    /// <see cref="ModelTensors"/>; 32 hexadecimal digits. Streams that the checkpoint has beside them do not count.
    /// Reads all weights, at the speed of memory. It guards against a mix-up, not against an attacker.
    /// </summary>
    public static string Of(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var hash = new XxHash128();
        foreach ((string name, _) in ModelTensors.Expected(checkpoint.Config.WithStreams(1)))
        {
            (SafetensorsFile file, TensorInfo info) = checkpoint.Get(name);
            hash.Append(Encoding.UTF8.GetBytes($"{name} {info.Type.FileName()} [{string.Join(',', info.Shape)}]\n"));
            for (long done = 0; done < info.ByteLength; done += PieceBytes)
                hash.Append(file.Data.Slice(info.Offset + done, (int)Math.Min(PieceBytes, info.ByteLength - done)));
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
