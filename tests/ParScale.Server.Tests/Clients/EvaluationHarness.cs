using System.Text.Json;
using ParScale.Text;

namespace ParScale.Server.Tests.Clients;

/// <summary>
/// The arithmetic of lm-evaluation-harness over a completions endpoint: its class <c>local-completions</c>, which sends token ids, and its
/// class <c>gguf</c>, which sends text and finds the continuation by offsets.
/// </summary>
/// <param name="server">The server.</param>
/// <param name="tokenizer">What the harness would get from a Hugging Face tokenizer.</param>
/// <param name="streams">P.</param>
/// <param name="prefix">The token before a text: end of text.</param>
internal sealed class EvaluationHarness(TestServer server, Tokenizer tokenizer, int streams, int prefix)
{
    /// <summary>
    /// The log-likelihood of each continuation after its context, and whether it is the likeliest, as <c>loglikelihood</c> has it. A pair
    /// that is longer than <paramref name="most"/> tokens loses the beginning of its context.
    /// </summary>
    public async Task<(double LogLikelihood, bool IsGreedy)[]> LogLikelihoods((int[] Context, int[] Continuation)[] pairs, int most)
    {
        (int[] Ids, int From)[] inputs = [.. pairs.Select(pair =>
        {
            int[] whole = [.. pair.Context, .. pair.Continuation];
            return (whole[Math.Max(0, whole.Length - most)..], pair.Context.Length - Math.Max(0, whole.Length - most));
        })];
        JsonElement answer = await server.Ask("/v1/completions",
            $$"""{"model": "tiny", "prompt": [{{string.Join(", ", inputs.Select(input => $"[{string.Join(", ", input.Ids)}]"))}}], "temperature": 0, "max_tokens": 1, "logprobs": 1, "seed": 1234, "echo": true, "streams": {{streams}} }""");
        JsonElement[] choices = [.. answer.GetProperty("choices").EnumerateArray().OrderBy(choice => choice.GetProperty("index").GetInt32())];
        return [.. choices.Zip(inputs, (choice, input) => Sum(choice.GetProperty("logprobs"), input.From))];
    }

    /// <summary>
    /// Context and continuation as ids: what the whole text has after as many tokens as the context has, where the blanks at the end of
    /// the context count to the continuation.
    /// </summary>
    public (int[] Context, int[] Continuation) Encode(string context, string continuation)
    {
        if (context.Length == 0) return ([prefix], tokenizer.Encode(continuation));
        string trimmed = context.TrimEnd();
        continuation = context[trimmed.Length..] + continuation;
        int[] whole = tokenizer.Encode(trimmed + continuation), before = tokenizer.Encode(trimmed);
        return (before, whole[before.Length..]);
    }

    /// <summary>Windows over a text of its own, each token predicted once: the tokens that a window is given, and those it is asked for.</summary>
    public List<(int[] Context, int[] Continuation)> Windows(string text, int window)
    {
        int[] tokens = tokenizer.Encode(text);
        var windows = new List<(int[], int[])>();
        for (int predicted = 0; predicted < tokens.Length;)
        {
            int count = Math.Min(tokens.Length - predicted, window), end = predicted + count;
            // The last one is as long as the others, with more context.
            int[] given = predicted == 0 ? [prefix, .. tokens[..(count - 1)]] : tokens[(end - window - 1)..(end - 1)];
            windows.Add((given[..(given.Length - count + 1)], tokens[predicted..end]));
            predicted = end;
        }
        return windows;
    }

    /// <summary>The log-likelihood of a continuation as the class <c>gguf</c> has it: the tokens whose offset is behind the context's characters.</summary>
    public async Task<(double LogLikelihood, bool IsGreedy, int From)> ByOffsets(string context, string continuation)
    {
        JsonElement answer = await server.Ask("/v1/completions", JsonSerializer.Serialize(new
        {
            prompt = context + continuation,
            logprobs = 10,
            temperature = 0.0,
            max_tokens = 1,
            echo = true,
            streams,
        }));
        JsonElement logProbs = answer.GetProperty("choices")[0].GetProperty("logprobs");
        int[] offsets = [.. logProbs.GetProperty("text_offset").EnumerateArray().Select(offset => offset.GetInt32())];
        // Python counts code points.
        int characters = context.EnumerateRunes().Count(), from = 0;
        while (offsets[from] < characters) from++;
        string[] tokens = [.. logProbs.GetProperty("tokens").EnumerateArray().Select(token => token.GetString()!)];
        JsonElement[] tops = [.. logProbs.GetProperty("top_logprobs").EnumerateArray()];
        bool greedy = Enumerable.Range(from, tokens.Length - from).All(i => tops[i].EnumerateObject().MaxBy(top => top.Value.GetDouble()).Name == tokens[i]);
        double sum = logProbs.GetProperty("token_logprobs").EnumerateArray().Skip(from).SkipLast(1).Sum(value => value.GetDouble());
        return (sum, greedy, from);
    }

    // All but the token that was generated.
    private static (double, bool) Sum(JsonElement logProbs, int from)
    {
        double[] values = [.. logProbs.GetProperty("token_logprobs").EnumerateArray().Skip(from).SkipLast(1).Select(value => value.GetDouble())];
        IEnumerable<double> best = logProbs.GetProperty("top_logprobs").EnumerateArray().Skip(from).SkipLast(1).Select(top => top.EnumerateObject().Max(one => one.Value.GetDouble()));
        return (values.Sum(), values.SequenceEqual(best));
    }
}
