using static TorchSharp.torch;

namespace ParScale.Training.Optimization;

/// <summary>
/// Activation checkpointing (Chen et al. 2016): layers keep nothing but their inputs; the backward pass computes each a second time, with the
/// same random numbers, so that only one layer's intermediate values exist at a time. Gradients are those of one pass over all, to the last
/// bit.
/// </summary>
internal sealed class ActivationCheckpointing : IDisposable
{
    private readonly Stack<Layer> _layers = [];

    /// <summary>
    /// The states that come out of a layer, which <paramref name="forward"/> computes of those that enter it, <paramref name="states"/>:
    /// what the call before returned, but for layer 0.
    /// </summary>
    public Tensor Through(int layer, Tensor states, Func<Tensor, Tensor> forward)
    {
        Tensor random = Generator.Default.get_state().DetachFromDisposeScope();
        Tensor input = states.DetachFromDisposeScope(), output;
        using (no_grad()) output = forward(input).requires_grad_(true).DetachFromDisposeScope();
        _layers.Push(new Layer(layer, input, output, forward, random));
        return output;
    }

    /// <summary>
    /// Carries the gradient of the last layer's output down to what made the first layer's input. <paramref name="done"/> is called with
    /// L - 1, ... 0 when those of the layers from that one up are complete.
    /// </summary>
    public void Run(Action<int>? done)
    {
        using Tensor random = Generator.Default.get_state();
        while (_layers.TryPop(out Layer? layer))
        {
            using (var scope = NewDisposeScope())
            using (layer)
            using (Tensor gradient = layer.Output.grad ?? throw new InvalidOperationException($"nothing depends on layer {layer.Index}"))
            {
                Generator.Default.set_state(layer.Random);
                autograd.backward(layer.Forward(layer.Input), gradient);
            }
            done?.Invoke(layer.Index);
        }
        // The next part of the batch draws as if nothing had been drawn twice.
        Generator.Default.set_state(random);
    }

    public void Dispose()
    {
        foreach (Layer layer in _layers) layer.Dispose();
        _layers.Clear();
    }

    private sealed record Layer(int Index, Tensor Input, Tensor Output, Func<Tensor, Tensor> Forward, Tensor Random) : IDisposable
    {
        public void Dispose()
        {
            // The input of a layer is the output of the one below, which still needs it, but for the first.
            if (Index == 0) Input.Dispose();
            Output.Dispose();
            Random.Dispose();
        }
    }
}
