using System.Diagnostics.Metrics;
using System.Globalization;

namespace ParScale.Server.Tests.Observation;

/// <summary>What the instruments of one service recorded.</summary>
internal sealed class Seen : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly List<(string Name, double Value, string[] Tags)> _recorded = [];
    private bool _observing;

    public Seen(ParScaleService service)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (service.Measures(instrument)) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public IEnumerable<string> Tags
    {
        get
        {
            lock (_recorded) return [.. _recorded.SelectMany(one => one.Tags)];
        }
    }

    public double Sum(string name, params string[] tags) => Of(name, tags).Sum();

    public int Count(string name) => Of(name, []).Count;

    public double Observe(string name, params string[] tags)
    {
        lock (_recorded) _recorded.RemoveAll(one => one.Name.StartsWith('?'));
        _observing = true;
        _listener.RecordObservableInstruments();
        _observing = false;
        return Of("?" + name, tags).Sum();
    }

    public void Dispose() => _listener.Dispose();

    private List<double> Of(string name, string[] tags)
    {
        lock (_recorded) return [.. _recorded.Where(one => one.Name == name && tags.All(tag => one.Tags.Contains(tag))).Select(one => one.Value)];
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var words = new List<string>();
        foreach (KeyValuePair<string, object?> tag in tags) words.Add(Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "");
        lock (_recorded) _recorded.Add((_observing && instrument.IsObservable ? "?" + instrument.Name : instrument.Name, value, [.. words]));
    }
}
