namespace ParScale.Training.Data.Sources;

/// <summary>
/// One row of an input file, not looked at yet, so that threads can share the work. <paramref name="Bytes"/> of the file are done with
/// it. <paramref name="Parse"/> gives the document, or throws the error that names file and row.
/// </summary>
internal sealed record SourceRecord(long Bytes, Func<Document> Parse);
