using System.Diagnostics;
using System.Diagnostics.Metrics;
using ParScale.Engine;
using ParScale.Model;
using ParScale.Server.Hosting;
using ParScale.Server.Requests;

namespace ParScale.Server.Observation;

/// <summary>
/// The instruments of one service. Histograms of requests have the names of OpenTelemetry's conventions (<c>gen_ai.*</c>) and those of
/// vLLM (<c>parscale.*</c>, with the meanings that vLLM gives them). Every tag has few values: names of models that are served, their P,
/// why an answer ended. No tag holds anything that a client wrote.
/// </summary>
internal sealed class ServerMetrics : IDisposable
{
    // Boundaries that OpenTelemetry's conventions ask for.
    private static readonly double[] Seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
    private static readonly double[] FirstTokenSeconds = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
    private static readonly double[] TokenSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];
    private static readonly double[] Tokens = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576];

    private readonly Meter _meter = new(ParScaleService.TelemetryName, typeof(ServerMetrics).Assembly.GetName().Version?.ToString(3));
    private readonly ServerState _state;

    public ServerMetrics(ServerState state, RequestGate gate)
    {
        _state = state;
        RequestDuration = Histogram("gen_ai.server.request.duration", "s", "Time of a request, from its arrival to its last token", Seconds);
        FirstToken = Histogram("gen_ai.server.time_to_first_token", "s", "Time from a request's arrival to its first token, the wait included", FirstTokenSeconds);
        OutputToken = Histogram("gen_ai.server.time_per_output_token", "s", "Mean time of an answer's tokens after the first", TokenSeconds);
        TokenUsage = Histogram("gen_ai.client.token.usage", "{token}", "Tokens of a request, those of the prompt and those generated", Tokens);

        LatencyOfRequest = Histogram("parscale.e2e_request_latency", "s", "Time of a request, from its arrival to its last token", Seconds);
        LatencyOfFirstToken = Histogram("parscale.time_to_first_token", "s", "Time from a request's arrival to its first token, the wait included", FirstTokenSeconds);
        LatencyOfToken = Histogram("parscale.inter_token_latency", "s", "Time between two tokens of an answer", TokenSeconds);
        QueueTime = Histogram("parscale.request_queue_time", "s", "Time that a request waited for a place", Seconds);
        PrefillTime = Histogram("parscale.request_prefill_time", "s", "Time from the first pass of a prompt to the first token", Seconds);
        DecodeTime = Histogram("parscale.request_decode_time", "s", "Time from the first token of an answer to the last", Seconds);
        PromptTokens = _meter.CreateCounter<long>("parscale.prompt_tokens", "{token}", "Tokens of prompts");
        GenerationTokens = _meter.CreateCounter<long>("parscale.generation_tokens", "{token}", "Tokens generated");
        CacheQueries = _meter.CreateCounter<long>("parscale.prefix_cache_queries", "{token}", "Tokens of prompts that were looked for in earlier sequences");
        CacheHits = _meter.CreateCounter<long>("parscale.prefix_cache_hits", "{token}", "Tokens of prompts that earlier sequences had run");
        Successes = _meter.CreateCounter<long>("parscale.request_success", "{answer}", "Answers that ended, by the reason");
        Errors = _meter.CreateCounter<long>("parscale.request_errors", "{request}", "Requests answered with an error, by its status");

        _meter.CreateObservableGauge("parscale.num_requests_running", () => OfService(gate.Running), description: "Requests that run");
        _meter.CreateObservableGauge("parscale.num_requests_waiting", () => OfService(gate.Waiting), description: "Requests that wait for a place");
        Gauge("parscale.sequences_running", null, "Sequences that the engine runs: one for each answer of a request", model => model.Engine.Statistics.Running);
        Gauge("parscale.sequences_waiting", null, "Sequences that wait for room in the key-value memory", model => model.Engine.Statistics.Waiting);
        _meter.CreateObservableGauge("parscale.kv_cache_usage_perc", () => OfModels(model => (double)model.KvMemoryInUse / model.KvMemory),
            description: "Share of the key-value memory that is reserved, that of finished sequences included; 1 is all");
        Gauge("parscale.kv_memory_used", "By", "Key-value memory that is reserved, that of finished sequences included", model => model.KvMemoryInUse);
        Gauge("parscale.kv_memory_limit", "By", "Key-value memory that all sequences together may reserve", model => model.KvMemory);
        _meter.CreateObservableCounter("parscale.steps", () => OfModels(model => model.Engine.Statistics.Passes), description: "Passes through the model");
        _meter.CreateObservableCounter("parscale.step_rows", () => OfModels(model => model.Engine.Statistics.Rows),
            description: "Rows of all passes: tokens times their P. Divided by the passes: rows a step");
        _meter.CreateObservableCounter("parscale.stream_tokens", () => OfSets((_, means) => means.Count), description: "Tokens that a stream set predicted");
        _meter.CreateObservableGauge("parscale.stream_entropy", () => OfSets((_, means) => means.Entropy),
            description: "Mean entropy of the streams' weights over the latest thousand tokens, in nats: 0 when one stream speaks alone, ln P at most");
        _meter.CreateObservableGauge("parscale.stream_weight", StreamWeights, description: "Mean weight of a stream over the latest thousand tokens");
    }

    /// <summary>The source of traces.</summary>
    public static ActivitySource Source { get; } = new(ParScaleService.TelemetryName);

    public Histogram<double> RequestDuration { get; }

    public Histogram<double> FirstToken { get; }

    public Histogram<double> OutputToken { get; }

    public Histogram<double> TokenUsage { get; }

    public Histogram<double> LatencyOfRequest { get; }

    public Histogram<double> LatencyOfFirstToken { get; }

    public Histogram<double> LatencyOfToken { get; }

    public Histogram<double> QueueTime { get; }

    public Histogram<double> PrefillTime { get; }

    public Histogram<double> DecodeTime { get; }

    public Counter<long> PromptTokens { get; }

    public Counter<long> GenerationTokens { get; }

    public Counter<long> CacheQueries { get; }

    public Counter<long> CacheHits { get; }

    public Counter<long> Successes { get; }

    private Counter<long> Errors { get; }

    /// <summary>Whether an instrument is one of these.</summary>
    public bool Has(Instrument instrument) => instrument.Meter == _meter;

    /// <summary>A request was answered with an error.</summary>
    public void SawError(int status) => Errors.Add(1, new KeyValuePair<string, object?>("status", status));

    /// <summary>Begins to measure a request that has its place.</summary>
    public RequestMeasurement Begin(GenerationRequest request) => new(this, request);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private Histogram<double> Histogram(string name, string unit, string description, double[] boundaries) =>
        _meter.CreateHistogram(name, unit, description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries });

    private void Gauge(string name, string? unit, string description, Func<LanguageModel, long> value) =>
        _meter.CreateObservableGauge(name, () => OfModels(value), unit, description);

    // Places are the service's, not a model's: they stand under the name of the first, as vLLM has it.
    private IEnumerable<Measurement<long>> OfService(long value) =>
        _state.Loaded.Take(1).Select(model => new Measurement<long>(value, Tag("model_name", model.Name)));

    private IEnumerable<Measurement<T>> OfModels<T>(Func<LanguageModel, T> value) where T : struct =>
        _state.Loaded.Select(model => new Measurement<T>(value(model.Model), Tag("model_name", model.Name)));

    private IEnumerable<Measurement<T>> OfSets<T>(Func<StreamSet, StreamMeans, T> value) where T : struct =>
        from model in _state.Loaded
        from set in model.Model.StreamSets
        let means = model.Model.Engine.Statistics.Of(set)
        where means is not null
        select new Measurement<T>(value(set, means), Tag("model_name", model.Name), Tag("streams", set.Name));

    private IEnumerable<Measurement<double>> StreamWeights() =>
        from model in _state.Loaded
        from set in model.Model.StreamSets
        let means = model.Model.Engine.Statistics.Of(set)
        where means is not null
        from stream in Enumerable.Range(0, set.Count)
        select new Measurement<double>(means.Weight(stream), Tag("model_name", model.Name), Tag("streams", set.Name), Tag("stream", stream));

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
