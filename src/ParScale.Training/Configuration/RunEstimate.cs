using ParScale.Checkpoints;
using ParScale.Configuration;
using ParScale.Training.Reporting;

namespace ParScale.Training.Configuration;

/// <summary>How large a run is, before it is made.</summary>
/// <param name="N">Parameters as the scaling law counts them: without the embedding, with prefixes and aggregator.</param>
/// <param name="Streams">P.</param>
/// <param name="Parameters">All parameters.</param>
/// <param name="Trained">Those that are trained.</param>
/// <param name="Tokens">Places of all its batches; padding counts too.</param>
/// <param name="Flops">Operations of all steps, see <see cref="ModelWork"/>.</param>
/// <param name="StateBytes">Weights, gradients and AdamW's moments in float32. Activations come on top.</param>
internal sealed record RunEstimate(long N, int Streams, long Parameters, long Trained, long Tokens, double Flops, long StateBytes)
{
    private const int BytesPerWeight = 4;
    private const int BytesPerTrained = 12;

    public static RunEstimate Of(CheckpointConfig model, TrainingOptions options)
    {
        bool frozen = options.Train == TrainedSet.Streams;
        long tokens = options.Steps * options.Batch * options.Context;
        ParameterCounts counts = ParameterCounts.Of(model);
        long trained = frozen ? counts.Streams : counts.Total;
        return new RunEstimate(
            counts.NonEmbedding, model.Streams.Count, counts.Total, trained, tokens,
            tokens * ModelWork.TrainingPerToken(model, options.Context, frozen), counts.Total * BytesPerWeight + trained * BytesPerTrained);
    }
}
