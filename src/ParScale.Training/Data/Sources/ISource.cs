namespace ParScale.Training.Data.Sources;

/// <summary>A file of documents, read from front to back with bounded memory.</summary>
internal interface ISource
{
    /// <summary>Its rows in order.</summary>
    /// <exception cref="ParScaleException">The file as a whole cannot be read; what is wrong with a single row, its record tells.</exception>
    IEnumerable<SourceRecord> Read();
}
