using ParScale.Training.Data.Order;
using static TorchSharp.torch;

namespace ParScale.Training.Optimization;

/// <summary>
/// A batch for the model. <paramref name="Inputs"/> and <paramref name="Offsets"/> are [B, S]; <paramref name="Targets"/> has one value
/// for each of the N tokens that are learned, which <paramref name="Learned"/> names unless they are all.
/// </summary>
internal sealed record BatchTensors(Tensor Inputs, Tensor Targets, Tensor? Offsets, Tensor? Learned)
{
    public static BatchTensors Of(Batch batch, Device? device = null)
    {
        Tensor? offsets = batch.Offsets is null ? null : tensor(batch.Offsets, device: device).view(batch.Rows, batch.Context);
        Tensor? learned = batch.Learned is null ? null : tensor(batch.Learned, device: device);
        Tensor targets = tensor(batch.Targets, device: device);
        return new BatchTensors(
            tensor(batch.Inputs, device: device).view(batch.Rows, batch.Context), learned is null ? targets : targets.index_select(0, learned), offsets, learned);
    }

    /// <summary>
    /// The final states, [P, B, S, H], of the tokens whose successors are learned: as they are, or [P, 1, N, H]. The head is never
    /// computed for others.
    /// </summary>
    public Tensor Select(Tensor states) => Learned is null ? states : states.flatten(1, 2).index_select(1, Learned).unsqueeze(1);
}
