using System.IO.Hashing;
using System.Runtime.ExceptionServices;
using ParScale.Checkpoints;
using ParScale.Checkpoints.Safetensors;
using ParScale.Kernels.Formats;

namespace ParScale.Quantization;

/// <summary>
/// Moves the weights of a checkpoint into a quantised file, some megabytes at a time: while all cores pack one piece, the piece
/// before it is written.
/// </summary>
internal sealed class QuantizePipeline(
    Checkpoint checkpoint, QuantizedFileWriter file, IProgress<double>? progress, CancellationToken cancellationToken) : IDisposable
{
    private const int PieceBytes = 32 << 20;

    private readonly Crc64 _source = new();
    private readonly List<(string Name, WeightDtype Type, double RelativeError)> _errors = [];
    private readonly long _total = ModelTensors.Loaded(checkpoint.Config).Sum(tensor => checkpoint.Get(tensor.Name).Info.ByteLength);
    private RoundingError _error = new(0, 0);
    private QuantizePiece? _waiting;

    /// <summary>Bytes of the source that were written so far.</summary>
    public long SourceBytes { get; private set; }

    /// <summary>The checksum of the source's weights, in the order of <see cref="ModelTensors"/>.</summary>
    public string SourceChecksum => HeaderChecksum.Text(_source.GetCurrentHashAsUInt64());

    /// <summary>The matrices that were packed.</summary>
    public IReadOnlyList<(string Name, WeightDtype Type, double RelativeError)> Errors => _errors;

    /// <summary>Packs a matrix.</summary>
    /// <exception cref="ParScaleException">The tensor before holds a value that is not finite (ST-24).</exception>
    public void Pack(string name, WeightDtype type)
    {
        (SafetensorsFile source, TensorInfo info) = checkpoint.Get(name);
        foreach (QuantizePiece piece in QuantizePiece.Of(source, info, type, PieceBytes)) Add(piece);
    }

    /// <summary>Takes a tensor over as it is.</summary>
    /// <exception cref="ParScaleException">The tensor before holds a value that is not finite (ST-24).</exception>
    public void Copy(string name)
    {
        (SafetensorsFile source, TensorInfo info) = checkpoint.Get(name);
        Add(QuantizePiece.Whole(source, info));
    }

    /// <summary>Writes what is still waiting.</summary>
    /// <exception cref="ParScaleException">The last tensor holds a value that is not finite (ST-24).</exception>
    public void Finish()
    {
        if (_waiting is { } last) Write(last);
        Dispose();
    }

    public void Dispose()
    {
        _waiting?.Dispose();
        _waiting = null;
    }

    private void Add(QuantizePiece next)
    {
        QuantizePiece? before = _waiting;
        _waiting = next;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (before is null) next.Pack();
            else Parallel.Invoke(next.Pack, () => Write(before));
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
        finally
        {
            before?.Dispose();
        }
    }

    private void Write(QuantizePiece piece)
    {
        _source.Append(piece.Source);
        if (piece.Type is null) file.Append(piece.Name, piece.Source);
        else
        {
            file.Append(piece.Name, piece.Codes);
            file.Append(QuantizedTensors.ScaleName(piece.Name), piece.Scales);
        }
        SourceBytes += piece.Source.Length;
        progress?.Report((double)SourceBytes / _total);
        _error += piece.Error;
        if (piece.IsLast) FinishTensor(piece);
    }

    private void FinishTensor(QuantizePiece piece)
    {
        if (double.IsNaN(_error.Squares))
        {
            throw ParScaleException.BadInput("ST-24", checkpoint.Get(piece.Name).File.Path,
                $"tensor {ParScaleException.Quote(piece.Name)} holds NaN or infinity and cannot be quantised; fetch the weights again");
        }
        if (piece.Type is { } type) _errors.Add((piece.Name, type, _error.Relative));
        _error = new RoundingError(0, 0);
    }
}
