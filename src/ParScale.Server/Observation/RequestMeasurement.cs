using System.Diagnostics;
using ParScale.Generation;
using ParScale.Server.Http;
using ParScale.Server.Requests;

namespace ParScale.Server.Observation;

/// <summary>
/// One request, measured and traced from when it has its place to when its last answer has ended or its client is gone. The trace holds
/// numbers and names of models, never a text.
/// </summary>
internal sealed class RequestMeasurement : IDisposable
{
    private const string Provider = "parscale";

    private readonly ServerMetrics _metrics;
    private readonly GenerationRequest _request;
    private readonly Activity? _activity;
    private readonly long[] _latest;
    private readonly GenerationStatistics?[] _statistics;
    private readonly FinishReason?[] _reasons;
    private readonly int[] _tokens;
    private int _begun;
    private Exception? _failure;

    public RequestMeasurement(ServerMetrics metrics, GenerationRequest request)
    {
        (_metrics, _request) = (metrics, request);
        int answers = request.Prompts.Count * request.Choices;
        (_latest, _statistics, _reasons, _tokens) = (new long[answers], new GenerationStatistics?[answers], new FinishReason?[answers], new int[answers]);
        metrics.QueueTime.Record(Stopwatch.GetElapsedTime(request.Arrived).TotalSeconds, ModelTags);
        _activity = ServerMetrics.Source.StartActivity($"{Operation} {request.Name}", ActivityKind.Server);
        if (_activity is { IsAllDataRequested: true }) DescribeRequest(_activity);
    }

    private string Operation => _request.IsChat ? "chat" : "text_completion";

    private TagList ModelTags => new() { { "model_name", _request.Model.Name }, { "streams", _request.Set.Name } };

    private TagList ConventionTags => new()
    {
        { "gen_ai.operation.name", Operation },
        { "gen_ai.provider.name", Provider },
        { "gen_ai.request.model", _request.Name },
        { "gen_ai.response.model", $"{_request.Model.Name}:{_request.Set.Name}" },
    };

    /// <summary>A piece of an answer came; several answers may tell of theirs at once.</summary>
    public void See(int answer, GeneratedPiece piece)
    {
        if (piece.TokenId is not null) SeeToken(answer);
        if (piece.Statistics is null) return;
        (_statistics[answer], _reasons[answer]) = (piece.Statistics, piece.FinishReason);
    }

    /// <summary>An answer failed, and the request with it.</summary>
    public void Fail(Exception failure) => Interlocked.CompareExchange(ref _failure, failure, null);

    /// <summary>The request is over.</summary>
    public void Dispose()
    {
        TagList convention = ConventionTags, model = ModelTags;
        GenerationStatistics[] ended = [.. _statistics.OfType<GenerationStatistics>()];
        bool complete = ended.Length == _statistics.Length;
        string? error = complete ? null : ErrorType();
        if (error is not null) convention.Add("error.type", error);

        double seconds = Stopwatch.GetElapsedTime(_request.Arrived).TotalSeconds;
        _metrics.RequestDuration.Record(seconds, convention);
        _metrics.LatencyOfRequest.Record(seconds, model);
        for (int answer = 0; answer < _tokens.Length; answer++) Count(answer, model);
        int generated = Enumerable.Range(0, _tokens.Length).Sum(NewTokens);
        if (generated > 0) CountTokens(generated);
        // Whoever leaves, or whose time is over, has the engine stop; everything else is its failure.
        string other = _failure is null or OperationCanceledException ? "abort" : "error";
        foreach (FinishReason? reason in _reasons)
        {
            TagList tags = model;
            tags.Add("finished_reason", reason switch { null => other, FinishReason.Length => "length", _ => "stop" });
            _metrics.Successes.Add(1, tags);
        }
        if (_activity is null) return;
        DescribeEnd(_activity, ended, generated, error);
        _activity.Dispose();
    }

    // What has come of an answer that was stopped counts too.
    private int NewTokens(int answer) => _statistics[answer]?.NewTokens ?? _tokens[answer];

    private void SeeToken(int answer)
    {
        long now = Stopwatch.GetTimestamp(), before = _latest[answer];
        _latest[answer] = now;
        _tokens[answer]++;
        if (before != 0) _metrics.LatencyOfToken.Record(Stopwatch.GetElapsedTime(before, now).TotalSeconds, ModelTags);
        if (Interlocked.Exchange(ref _begun, 1) != 0) return;
        double seconds = Stopwatch.GetElapsedTime(_request.Arrived, now).TotalSeconds;
        _metrics.FirstToken.Record(seconds, ConventionTags);
        _metrics.LatencyOfFirstToken.Record(seconds, ModelTags);
        _activity?.AddEvent(new ActivityEvent("gen_ai.first_token"));
    }

    private void Count(int answer, TagList model)
    {
        // With its first token a prompt has been read, however the answer ended.
        if (_tokens[answer] > 0) _metrics.PromptTokens.Add(_request.Prompts[answer / _request.Choices].Length, model);
        if (NewTokens(answer) is > 0 and var tokens) _metrics.GenerationTokens.Add(tokens, model);
        if (_statistics[answer] is not { } one) return;
        _metrics.PrefillTime.Record(one.Prefill.TotalSeconds, model);
        _metrics.DecodeTime.Record(one.Decode.TotalSeconds, model);
        if (one.DecodeSteps > 0) _metrics.OutputToken.Record(one.Decode.TotalSeconds / one.DecodeSteps, ConventionTags);
        _metrics.CacheQueries.Add(one.PromptTokens, model);
        _metrics.CacheHits.Add(one.CachedTokens, model);
    }

    private void CountTokens(int generated)
    {
        TagList input = ConventionTags, output = ConventionTags;
        input.Add("gen_ai.token.type", "input");
        output.Add("gen_ai.token.type", "output");
        _metrics.TokenUsage.Record(_request.Prompts.Sum(prompt => prompt.Length), input);
        _metrics.TokenUsage.Record(generated, output);
    }

    private void DescribeRequest(Activity activity)
    {
        foreach (KeyValuePair<string, object?> tag in ConventionTags) activity.SetTag(tag.Key, tag.Value);
        GenerationOptions options = _request.Options;
        activity.SetTag("gen_ai.request.max_tokens", options.MaxNewTokens);
        activity.SetTag("gen_ai.request.temperature", options.Sampling.Temperature);
        activity.SetTag("gen_ai.request.top_p", options.Sampling.TopP);
        activity.SetTag("gen_ai.request.top_k", options.Sampling.TopK);
        if (_request.Choices > 1) activity.SetTag("gen_ai.request.choice.count", _request.Choices);
        activity.SetTag("parscale.request.streams", _request.Set.Count);
        activity.SetTag("parscale.request.queue_seconds", Stopwatch.GetElapsedTime(_request.Arrived).TotalSeconds);
    }

    private void DescribeEnd(Activity activity, GenerationStatistics[] ended, int generated, string? error)
    {
        activity.SetTag("gen_ai.usage.input_tokens", _request.Prompts.Sum(prompt => prompt.Length));
        activity.SetTag("gen_ai.usage.output_tokens", generated);
        activity.SetTag("parscale.usage.cached_tokens", ended.Sum(one => one.CachedTokens));
        activity.SetTag("gen_ai.response.finish_reasons", _reasons.OfType<FinishReason>().Select(reason => reason == FinishReason.Length ? "length" : "stop").ToArray());
        if (error is null) return;
        activity.SetTag("error.type", error);
        activity.SetStatus(ActivityStatusCode.Error);
    }

    // Few words for all that can happen: a code of ours, or that the client or the time took it away.
    private string ErrorType() => _failure switch
    {
        null or OperationCanceledException => "cancelled",
        ApiException e => e.Code ?? e.Type,
        ParScaleException e => e.Code,
        _ => "server_error",
    };
}
