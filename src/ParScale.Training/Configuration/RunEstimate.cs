using ParScale.Configuration;
using ParScale.Training.Reporting;

namespace ParScale.Training.Configuration;

/// <summary>How large a run is, before it is made.</summary>
/// <param name="N">Parameters as the scaling law counts them: without the embedding, with prefixes and aggregator.</param>
/// <param name="Streams">P.</param>
/// <param name="Parameters">All parameters.</param>
/// <param name="Trained">Those that are trained.</param>
/// <param name="Tokens">Tokens that it trains on.</param>
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
        long trained = frozen ? model.Streams.PrefixParameters(model.Model) + model.Streams.AggregatorParameters(model.Model) : model.Parameters;
        return new RunEstimate(
            LawParameters(model), model.Streams.Count, model.Parameters, trained, tokens,
            tokens * ModelWork.TrainingPerToken(model, options.Context, frozen), model.Parameters * BytesPerWeight + trained * BytesPerTrained);
    }

    /// <summary>N of the scaling law: without the embedding and a head of its own. Source: arXiv 2505.10475, section 3.</summary>
    public static long LawParameters(CheckpointConfig model) =>
        model.Parameters - (long)model.Model.VocabularySize * model.Model.HiddenSize * (model.Model.TieWordEmbeddings ? 1 : 2);
}
