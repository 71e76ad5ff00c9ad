using static TorchSharp.torch;

namespace ParScale.Training.Optimization;

/// <summary>
/// A backward pass that stops below every layer, since TorchSharp has no hooks that tell when a gradient is there. The states that
/// enter a layer are cut from what made them, and the gradient is carried over each cut by hand: it is the same to the last bit,
/// unless a tied embedding's adds to one that is there already, which it then does in two steps. With
/// <paramref name="checkpointing"/> the layers keep only their inputs.
/// </summary>
internal sealed class BackwardPieces(bool checkpointing = false) : IDisposable
{
    private readonly Stack<(int Layer, Tensor Below, Tensor Above)> _cuts = [];
    private readonly ActivationCheckpointing? _checkpointing = checkpointing ? new ActivationCheckpointing() : null;
    private readonly List<IDisposable> _kept = [];

    /// <summary>
    /// The states that come out of layer <paramref name="layer"/>, which <paramref name="forward"/> computes of those that enter it,
    /// <paramref name="states"/>. Layers follow each other, from 0.
    /// </summary>
    public Tensor Through(int layer, Tensor states, Func<Tensor, Tensor> forward) =>
        _checkpointing?.Through(layer, states, forward) ?? forward(Cut(layer, states));

    /// <summary>Takes over what a layer that is computed again needs until then, such as the positions of packed rows.</summary>
    public void Keep(IDisposable needed) => _kept.Add(needed);

    /// <summary>
    /// The gradients of <paramref name="goal"/>. <paramref name="done"/> is called with L, L - 1, ... 0 when those of the layers from
    /// that one up, and of all that follows them, are complete; below, if nothing there has a gradient, it is not called.
    /// </summary>
    public void Run(Tensor goal, Action<int>? done = null)
    {
        goal.backward();
        _checkpointing?.Run(done);
        while (_cuts.TryPop(out (int Layer, Tensor Below, Tensor Above) cut))
        {
            done?.Invoke(cut.Layer);
            using (cut.Below)
            using (cut.Above)
            using (Tensor gradient = cut.Above.grad ?? throw new InvalidOperationException($"layer {cut.Layer} passed no gradient on"))
                autograd.backward(cut.Below, gradient);
        }
        Dispose();
    }

    /// <summary>Frees what a pass left; another one may follow.</summary>
    public void Dispose()
    {
        foreach ((_, Tensor below, Tensor above) in _cuts)
        {
            below.Dispose();
            above.Dispose();
        }
        _cuts.Clear();
        _checkpointing?.Dispose();
        foreach (IDisposable needed in _kept) needed.Dispose();
        _kept.Clear();
    }

    /// <summary>The states that enter layer <paramref name="layer"/>, cut; as they are when nothing below them has a gradient.</summary>
    private Tensor Cut(int layer, Tensor states)
    {
        if (!states.requires_grad) return states;
        Tensor above = states.detach().requires_grad_(true).DetachFromDisposeScope();
        _cuts.Push((layer, states.DetachFromDisposeScope(), above));
        return above;
    }
}
