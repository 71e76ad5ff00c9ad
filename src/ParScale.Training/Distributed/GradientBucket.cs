using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ParScale.Training.Distributed;

/// <summary>
/// The gradients of some parameters, one after the other in one block of memory, so that they are added up by one message. The
/// gradients themselves are views of that block: nothing is copied.
/// </summary>
internal sealed class GradientBucket : IDisposable
{
    private readonly ProcessGroup _group;
    private readonly (Parameter Parameter, Tensor View)[] _views;
    private readonly Tensor _block;

    /// <summary>The block in main memory; <see cref="_block"/> itself unless that is on a GPU.</summary>
    private readonly Tensor _host;

    private IntPtr _request;
    private bool _started;

    /// <summary>Takes over the gradients of <paramref name="parameters"/>, which start at 0.</summary>
    public GradientBucket(ProcessGroup group, IReadOnlyList<Parameter> parameters, int lowestLayer)
    {
        _group = group;
        LowestLayer = lowestLayer;
        (Device device, ScalarType type) = (parameters[0].device, parameters[0].dtype);
        long size = parameters.Sum(parameter => parameter.numel());
        _block = zeros(size, dtype: type, device: device).DetachFromDisposeScope();
        _host = device.type == TorchSharp.DeviceType.CPU ? _block : empty(size, dtype: type).DetachFromDisposeScope();
        _views = new (Parameter, Tensor)[parameters.Count];
        long at = 0;
        for (int i = 0; i < _views.Length; i++)
        {
            Parameter parameter = parameters[i];
            Tensor view = _block.narrow(0, at, parameter.numel()).view(parameter.shape).DetachFromDisposeScope();
            parameter.grad = view;
            _views[i] = (parameter, view);
            at += parameter.numel();
        }
    }

    /// <summary>The lowest layer that a parameter in here belongs to: when its gradients are there, all are.</summary>
    public int LowestLayer { get; }

    /// <summary>Starts the exchange, or lets it go on.</summary>
    public void StartOrAdvance()
    {
        if (_started)
        {
            _group.Advance(ref _request);
            return;
        }
        if (!ReferenceEquals(_host, _block)) _host.copy_(_block);
        _request = _group.StartSum(_host);
        _started = true;
    }

    /// <summary>Waits for the sums; the gradients of all parameters are then those of all processes.</summary>
    public void Finish()
    {
        if (!_started) StartOrAdvance();
        _group.Finish(ref _request);
        if (!ReferenceEquals(_host, _block)) _block.copy_(_host);
        _started = false;
    }

    public void Dispose()
    {
        foreach ((_, Tensor view) in _views) view.Dispose();
        _block.Dispose();
        _host.Dispose();
    }
}
