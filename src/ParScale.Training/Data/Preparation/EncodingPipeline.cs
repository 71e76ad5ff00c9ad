using ParScale.Training.Data.Sources;

namespace ParScale.Training.Data.Preparation;

/// <summary>A record after encoding: its tokens, or what is wrong with it.</summary>
internal readonly record struct EncodedRecord(SourceRecord Source, EncodedDocument? Document, ParScaleException? Fault);

/// <summary>Parses and encodes rows on several threads; they come out in the order they went in.</summary>
internal sealed class EncodingPipeline(DocumentEncoder encoder, int threads)
{
    private const long BatchBytes = 1 << 18;
    private const int BatchRows = 1024;
    private const long MostBytesAhead = 16 << 20;

    private readonly TaskFactory _workers = new(new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, threads).ConcurrentScheduler);

    /// <summary>What is read ahead is bounded in rows and bytes, however large the files are.</summary>
    public IEnumerable<EncodedRecord> Run(IEnumerable<SourceRecord> records, CancellationToken stop)
    {
        var ahead = new Queue<(long Bytes, Task<EncodedRecord[]> Work)>();
        long bytesAhead = 0;
        foreach (List<SourceRecord> batch in Batches(records))
        {
            stop.ThrowIfCancellationRequested();
            long bytes = batch.Sum(record => record.Bytes);
            ahead.Enqueue((bytes, _workers.StartNew(() => Encode(batch), stop)));
            bytesAhead += bytes;
            while (ahead.Count > 2 * threads || (bytesAhead > MostBytesAhead && ahead.Count > 1))
            {
                bytesAhead -= ahead.Peek().Bytes;
                foreach (EncodedRecord record in ahead.Dequeue().Work.GetAwaiter().GetResult()) yield return record;
            }
        }
        while (ahead.Count > 0)
            foreach (EncodedRecord record in ahead.Dequeue().Work.GetAwaiter().GetResult()) yield return record;
    }

    private static IEnumerable<List<SourceRecord>> Batches(IEnumerable<SourceRecord> records)
    {
        var batch = new List<SourceRecord>();
        long bytes = 0;
        foreach (SourceRecord record in records)
        {
            batch.Add(record);
            bytes += record.Bytes;
            if (bytes < BatchBytes && batch.Count < BatchRows) continue;
            yield return batch;
            (batch, bytes) = ([], 0);
        }
        if (batch.Count > 0) yield return batch;
    }

    private EncodedRecord[] Encode(List<SourceRecord> batch) =>
    [
        .. batch.Select(record =>
        {
            try
            {
                return new EncodedRecord(record, encoder.Encode(record.Parse()), null);
            }
            catch (ParScaleException fault)
            {
                return new EncodedRecord(record, null, fault);
            }
        }),
    ];
}
