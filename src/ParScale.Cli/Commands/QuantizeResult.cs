namespace ParScale.Cli.Commands;

/// <summary>The JSON of <c>parscale quantize</c>.</summary>
internal sealed record QuantizeResult
{
    /// <summary>The new folder, as it was given.</summary>
    public required string Folder { get; init; }

    public required string Dtype { get; init; }

    /// <summary>Bytes of the weights before.</summary>
    public required long SourceBytes { get; init; }

    /// <summary>Bytes of the new file of weights.</summary>
    public required long Bytes { get; init; }

    /// <summary>How many times smaller the weights are.</summary>
    public required double Ratio { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Mean of the tensors' relative errors.</summary>
    public required double MeanRelativeError { get; init; }

    /// <summary>The largest of the tensors' relative errors.</summary>
    public required double WorstRelativeError { get; init; }

    /// <summary>The matrices that were quantised.</summary>
    public required IReadOnlyList<QuantizedTensor> Tensors { get; init; }
}

/// <summary>One quantised matrix.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Dtype">What it was quantised to.</param>
/// <param name="RelativeError">Root mean square of the rounding over that of the weights.</param>
internal sealed record QuantizedTensor(string Name, string Dtype, double RelativeError);
