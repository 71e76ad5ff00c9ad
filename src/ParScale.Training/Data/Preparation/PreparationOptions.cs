using ParScale.Training.Data.Rows;
using ParScale.Training.Data.Shards;
using ParScale.Training.Data.Sources;

namespace ParScale.Training.Data.Preparation;

/// <summary>What <c>parscale-train data</c> is asked for.</summary>
internal sealed record PreparationOptions
{
    /// <summary>One row in a hundred.</summary>
    public const double DefaultMaxBad = 0.01;

    public required IReadOnlyList<string> Data { get; init; }
    public IReadOnlyList<string> ValidationData { get; init; } = [];
    public required string TokenizerFolder { get; init; }
    public required string Output { get; init; }

    /// <summary>Pattern for the names of files in folders.</summary>
    public string Include { get; init; } = "*";

    /// <summary>Null: the name of each file tells.</summary>
    public SourceFormat? Format { get; init; }

    public FieldNames Fields { get; init; } = new();

    /// <summary>Null: whole when some tokens are only read, else cut.</summary>
    public Packing? Packing { get; init; }

    /// <summary>Share of the documents that goes to validation, drawn by <see cref="Seed"/> and a document's number.</summary>
    public double ValidationFraction { get; init; } = 0.01;

    public long Seed { get; init; } = 1;
    public string EndOfText { get; init; } = TokenizerWriter.EndOfText;
    public long ShardTokens { get; init; } = 100_000_000;
    public int Threads { get; init; } = Environment.ProcessorCount;
    public bool SkipBad { get; init; }

    /// <summary>The largest share of the rows that may be left out.</summary>
    public double MaxBad { get; init; } = DefaultMaxBad;

    /// <summary>Null: make shards. Else only show that many documents, and write nothing.</summary>
    public int? Preview { get; init; }

    public bool Force { get; init; }

    /// <exception cref="ParScaleException">A value is out of range, or the output is taken.</exception>
    public void Validate()
    {
        Require(ValidationFraction is >= 0 and < 1, "--val-fraction must be 0 or more and below 1");
        Require(ValidationData.Count == 0 || ValidationFraction == 0, "--val-data needs --val-fraction 0");
        Require(ShardTokens >= 1, "--shard-tokens must be 1 or more");
        Require(Threads is >= 1 and <= 1024, "--threads must be 1 to 1024");
        Require(MaxBad is >= 0 and <= 1, "--max-bad must be 0 to 1");
        Require(SkipBad || MaxBad == DefaultMaxBad, "--max-bad needs --skip-bad");
        Require(Preview is null or >= 1, "--preview must be 1 or more");
        if (Preview is null) RequireOutput();
    }

    private void RequireOutput()
    {
        Require(Output.Length > 0, "-o needs the name of a folder, unless --preview is given");
        string name = ParScaleException.Quote(Output);
        if (File.Exists(Output)) throw ParScaleException.Usage("TD-12", $"-o {name} is a file; give the name of a new folder");
        if (!Directory.Exists(Output)) return;
        if (!Force) throw ParScaleException.Usage("TD-12", $"-o {name} exists; give another name, or --force to replace it");
        if (!ShardIndex.IsIn(Output) && Directory.EnumerateFileSystemEntries(Output).Any())
            throw ParScaleException.Usage("TD-12", $"-o {name} holds something else than shards and is not replaced, even with --force; give another name");
    }

    private static void Require(bool holds, string message)
    {
        if (!holds) throw ParScaleException.Usage("TR-10", message);
    }
}
