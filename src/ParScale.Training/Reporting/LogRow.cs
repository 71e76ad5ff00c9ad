using ParScale.Training.Evaluation;

namespace ParScale.Training.Reporting;

/// <summary>
/// One row of the log. <paramref name="Tokens"/> and <paramref name="TokensPerSecond"/> count all places of the batches, padding too.
/// The train loss is the mean over the steps since the row before; losses are in nats. At an evaluation of a model with
/// P &gt; 1, <paramref name="Streams"/> tells what the streams do.
/// <paramref name="Elastic"/> has the validation loss of each number of streams of an elastic model.
/// <paramref name="ShareOfPeak"/> is the part, 0 to 1, of the rate that the machine reached on plain matrix products at the start.
/// <paramref name="MemoryBytes"/> is what the process has in memory, <paramref name="LiveTensors"/> how many tensors it holds.
/// </summary>
internal sealed record LogRow(
    long Step,
    long Tokens,
    double TrainLoss,
    double? ValLossPerToken,
    double? ValLossPerCharacter,
    double LearningRate,
    double GradientNorm,
    double TokensPerSecond,
    double ElapsedSeconds,
    double? ShareOfPeak = null,
    StreamReport? Streams = null,
    long? MemoryBytes = null,
    long? LiveTensors = null,
    IReadOnlyList<CutLoss>? Elastic = null);
