using static TorchSharp.torch;

namespace ParScale.Training.Distributed;

/// <summary>
/// A backward pass that stops below every layer, since TorchSharp has no hooks that tell when a gradient is there. The states that
/// enter a layer are cut from what made them, and the gradient is carried over each cut by hand: it is the same to the last bit,
/// unless a tied embedding's adds to one that is there already, which it then does in two steps.
/// </summary>
internal sealed class BackwardPieces : IDisposable
{
    private readonly Stack<(int Layer, Tensor Below, Tensor Above)> _cuts = [];

    /// <summary>The states that enter layer <paramref name="layer"/>, cut; as they are when nothing below them has a gradient.</summary>
    public Tensor Cut(int layer, Tensor states)
    {
        if (!states.requires_grad) return states;
        Tensor above = states.detach().requires_grad_(true).DetachFromDisposeScope();
        _cuts.Push((layer, states.DetachFromDisposeScope(), above));
        return above;
    }

    /// <summary>
    /// The gradients of <paramref name="goal"/>. <paramref name="done"/> is called with L, L - 1, ... 0 when those of the layers from
    /// that one up, and of all that follows them, are complete; below, if nothing there has a gradient, it is not called.
    /// </summary>
    public void Run(Tensor goal, Action<int> done)
    {
        goal.backward();
        while (_cuts.TryPop(out (int Layer, Tensor Below, Tensor Above) cut))
        {
            done(cut.Layer);
            using (cut.Below)
            using (cut.Above)
            using (Tensor gradient = cut.Above.grad ?? throw new InvalidOperationException($"layer {cut.Layer} passed no gradient on"))
                autograd.backward(cut.Below, gradient);
        }
    }

    /// <summary>Frees what a failed pass left.</summary>
    public void Dispose()
    {
        foreach ((_, Tensor below, Tensor above) in _cuts)
        {
            below.Dispose();
            above.Dispose();
        }
        _cuts.Clear();
    }
}
