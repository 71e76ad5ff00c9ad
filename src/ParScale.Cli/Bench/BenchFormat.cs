namespace ParScale.Cli.Bench;

/// <summary>How the rows are printed.</summary>
internal enum BenchFormat
{
    /// <summary>A Markdown table for people.</summary>
    Md,

    /// <summary>Comma-separated values, all columns.</summary>
    Csv,

    /// <summary>One JSON object with machine, floors and rows.</summary>
    Json,

    /// <summary>One JSON object a row.</summary>
    Jsonl,
}
