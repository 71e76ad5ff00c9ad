using ParScale.Generation;

namespace ParScale.Cli.Commands;

/// <summary>A token in JSON: its id, ln p, and the likeliest tokens in its place.</summary>
/// <param name="Id">The token that came.</param>
/// <param name="Logprob">The natural logarithm of its probability.</param>
/// <param name="Top">The likeliest tokens, the likeliest first.</param>
internal sealed record LogProbResult(int Id, double Logprob, IReadOnlyList<LogProbResult.Candidate> Top)
{
    public static LogProbResult Of(PredictedToken token) =>
        new(token.TokenId, token.LogProb, [.. token.Top.Select(top => new Candidate(top.TokenId, top.LogProb))]);

    /// <summary>One of the likeliest tokens.</summary>
    internal sealed record Candidate(int Id, double Logprob);
}
