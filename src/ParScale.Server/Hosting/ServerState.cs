using ParScale.Server.Http;

namespace ParScale.Server.Hosting;

/// <summary>
/// What is served, and whether requests are taken: while models load, then, and no more once the server is being stopped or the device that
/// computes is lost.
/// </summary>
internal sealed class ServerState
{
    private const int RetryAfterSeconds = 5;

    private volatile IReadOnlyList<ServedModel>? _models;
    private volatile bool _draining;
    private string? _lost;

    /// <summary>Told once, when the device that computes is lost: why, in a line.</summary>
    public event Action<string>? DeviceLost;

    /// <summary>The state in one word: loading, ready, lost or draining.</summary>
    public string Name => _draining ? "draining" : _models is null ? "loading" : _lost is null ? "ready" : "lost";

    /// <summary>Why the device that computes is lost; null while it is not.</summary>
    public string? WhyLost => Volatile.Read(ref _lost);

    /// <summary>The models, also while the server is being stopped; none while they load.</summary>
    public IReadOnlyList<ServedModel> Loaded => _models ?? [];

    /// <summary>The models; the first is the one that requests without a name get.</summary>
    /// <exception cref="ApiException">They are still being loaded, or the server is being stopped (503).</exception>
    public IReadOnlyList<ServedModel> Models
    {
        get
        {
            if (_draining) throw ApiException.Unavailable("the server is being stopped", RetryAfterSeconds);
            return _models ?? throw ApiException.Unavailable("Loading model", RetryAfterSeconds);
        }
    }

    /// <summary>Models are loaded: requests are taken from now on.</summary>
    public void Serve(IReadOnlyList<ServedModel> models) => _models = models;

    /// <summary>A request found the device lost. It stays so until the models are loaded again.</summary>
    public void Lose(string why)
    {
        if (Interlocked.CompareExchange(ref _lost, why, null) is null) DeviceLost?.Invoke(why);
    }

    /// <summary>No further requests are taken.</summary>
    public void Drain() => _draining = true;

    /// <summary>The model of a name, or the first.</summary>
    /// <exception cref="ApiException">There is none of that name (404).</exception>
    public ServedModel Find(string? name)
    {
        IReadOnlyList<ServedModel> models = Models;
        if (string.IsNullOrEmpty(name)) return models[0];
        return models.FirstOrDefault(model => model.Names().Any(one => one.Name == name)) ?? throw ApiException.NotFound(
            $"the model {ParScaleException.Quote(name)} is not served; there are {string.Join(", ", models.SelectMany(model => model.Names()).Select(one => one.Name))}",
            "model", "model_not_found");
    }
}
