using ParScale.Hub.Transfer;

namespace ParScale.Hub.Cache;

/// <summary>Reads every byte of a snapshot and compares it with what the hub named it.</summary>
internal static class SnapshotVerifier
{
    public static async Task<IReadOnlyList<CachedFile>> VerifyAsync(CachedSnapshot snapshot, IProgress<HubProgress>? progress, CancellationToken cancellation)
    {
        CachedFile[] files = [.. snapshot.Files.Where(file => file.Hash is not null)];
        var meter = new ProgressMeter(progress, files.Sum(file => file.Bytes), files.Length);
        var damaged = new List<CachedFile>();
        byte[] buffer = new byte[1 << 20];
        foreach (CachedFile file in files)
        {
            using var hash = new ContentHash(file.Hash!, file.Bytes);
            using var stream = new FileStream(file.Blob, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            for (int read; (read = await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0; meter.AddReceived(read)) hash.Append(buffer.AsSpan(0, read));
            if (!hash.Matches()) damaged.Add(file);
            meter.AddFile();
        }
        return damaged;
    }
}
