using ParScale.Training.Data.Rows;

namespace ParScale.Training.Data.Sources;

/// <summary>A file of documents, read from front to back with bounded memory.</summary>
internal interface ISource
{
    /// <summary>Its rows in order.</summary>
    /// <exception cref="ParScaleException">The file as a whole cannot be read; what is wrong with a single row, its record tells.</exception>
    IEnumerable<SourceRecord> Read();
}

/// <summary>
/// One row of an input file, not looked at yet, so that threads can share the work. <paramref name="Bytes"/> of the file are done with
/// it. <paramref name="Parse"/> gives the document, or throws the error that names file and row. Where a whole file is the document it is
/// no row (<paramref name="IsRow"/>), and no message offers to leave it out.
/// </summary>
internal sealed record SourceRecord(long Bytes, Func<Document> Parse, bool IsRow = true);
