using System.Security.Cryptography;
using ParScale.Text;

namespace ParScale.Training.Data.Shards;

/// <summary>A folder that <c>parscale-train data</c> wrote, open for reading.</summary>
internal sealed class ShardFolder : IDisposable
{
    private ShardFolder(ShardIndex index, string hash, TokenSplit training, TokenSplit validation) =>
        (Index, Hash, Training, Validation) = (index, hash, training, validation);

    public ShardIndex Index { get; }

    /// <summary>SHA-256 of the index, which stands for the whole folder.</summary>
    public string Hash { get; }

    public TokenSplit Training { get; }

    public TokenSplit Validation { get; }

    /// <summary>Opens a folder after it has checked every byte of it, on all processors.</summary>
    /// <exception cref="ParScaleException">
    /// The index or a file is damaged or missing, a file was changed (<see cref="ErrorKind.HashMismatch"/>), or another tokenizer made it.
    /// </exception>
    public static ShardFolder Open(string folder, Tokenizer tokenizer)
    {
        (ShardIndex index, byte[] bytes) = ShardIndex.Read(folder);
        if (index.Tokenizer != tokenizer.Fingerprint)
        {
            throw ParScaleException.BadInput("TD-14", Path.Combine(folder, ShardIndex.FileName),
                "was made with another tokenizer than --tokenizer names; give that one, or run parscale-train data again");
        }
        var training = new TokenSplit(folder, index.Training, index);
        TokenSplit? validation = null;
        try
        {
            validation = new TokenSplit(folder, index.Validation, index);
            Verify(folder, [.. index.Training.Shards, .. index.Validation.Shards]);
            return new ShardFolder(index, Convert.ToHexStringLower(SHA256.HashData(bytes)), training, validation);
        }
        catch
        {
            training.Dispose();
            validation?.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Training.Dispose();
        Validation.Dispose();
    }

    private static void Verify(string folder, ShardEntry[] shards)
    {
        (string Name, string Hash)[] files =
        [
            .. shards.SelectMany(shard => ((string, string?)[])
            [
                (shard.Name + ShardEntry.TokensSuffix, shard.TokensSha256),
                (shard.Name + ShardEntry.DocumentsSuffix, shard.DocumentsSha256),
                (shard.Name + ShardEntry.LossSuffix, shard.LossSha256),
            ]).Where(file => file.Item2 is not null).Select(file => (file.Item1, file.Item2 ?? "")),
        ];
        bool[] changed = new bool[files.Length];
        Parallel.For(0, files.Length, i =>
        {
            using FileStream stream = File.OpenRead(Path.Combine(folder, files[i].Name));
            changed[i] = Convert.ToHexStringLower(SHA256.HashData(stream)) != files[i].Hash;
        });
        int first = Array.IndexOf(changed, true);
        if (first < 0) return;
        throw new ParScaleException(ErrorKind.HashMismatch, "TD-08",
            $"{files[first].Name}: is not the file that the index describes; it was changed or damaged: run parscale-train data again");
    }
}
