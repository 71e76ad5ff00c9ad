namespace ParScale.Training.Data.Sources;

/// <summary>What an input file holds.</summary>
internal enum SourceFormat
{
    /// <summary>UTF-8 text; the whole file is one document.</summary>
    Text,

    /// <summary>UTF-8 text; every line that is not blank is a document.</summary>
    Lines,

    /// <summary>One JSON object a line.</summary>
    Jsonl,

    /// <summary>A Parquet table.</summary>
    Parquet,
}
