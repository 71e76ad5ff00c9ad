using System.Globalization;
using ParScale.Cli.Commands;
using ParScale.Cli.Options;

namespace ParScale.Cli.Chat;

/// <summary>The figures of a chat in words, the same in every view.</summary>
internal static class ChatFigures
{
    /// <summary>The model, its streams and how it is computed.</summary>
    public static string Of(ChatSession session)
    {
        LanguageModel model = session.Model;
        string others = string.Join(", ", model.StreamSets.Where(set => set != session.Streams).Select(set => Number(set.Count)));
        return $"P {session.Streams.Count}{(others.Length > 0 ? $" (also {others})" : "")} | {model.Dtype.ToString().ToLowerInvariant()}"
            + $" | {ComputeDeviceOption.Figures(model)} | context {model.Config.MaxPositions}";
    }

    /// <summary>An answer's figures in one line.</summary>
    public static string Of(ChatTurnResult answer) => string.Create(CultureInfo.InvariantCulture,
        $"{Speed(answer)} tokens/s | {Streams(answer)} | prompt {answer.PromptTokens} tokens, {answer.CachedTokens} cached, in {answer.PrefillMs:F0} ms"
        + $" | {answer.Tokens} new tokens ({answer.FinishReason}) | seed {answer.Seed}");

    /// <summary>The same for a screen, where <c>/stats</c> has the rest.</summary>
    public static string Short(ChatTurnResult answer) => string.Create(CultureInfo.InvariantCulture,
        $"{Speed(answer)} tokens/s | {answer.Tokens} tokens | prompt {answer.PromptTokens}, {answer.CachedTokens} cached | {Streams(answer)}")
        + (answer.FinishReason == "cancelled" ? " | stopped" : "");

    /// <summary>What to do when an answer did not end by itself; null when it did.</summary>
    public static string? Advice(ChatAnswer answer) => answer switch
    {
        { Result.Tokens: 0 } => "stopped before the answer began; the question is not kept",
        { Full: true } => "the model's context is full, so the answer ends here: /forget drops the oldest turn, /clear begins anew",
        { Result.FinishReason: "length" } => $"the answer was cut at {Number(answer.Result.Tokens)} tokens; -n sets another limit",
        _ => null,
    };

    /// <summary>How much of the context the conversation takes.</summary>
    public static string Context(ChatSession session)
    {
        int most = session.Model.Config.MaxPositions, used = session.Conversation.Turns > 0 && session.Last is { Result: { } last } ? Math.Min(most, last.PromptTokens + last.Tokens) : 0;
        return $"{Number(used)} of {Number(most)} tokens";
    }

    /// <summary>How many turns the conversation has.</summary>
    public static string Turns(ChatSession session) => session.Conversation.Turns == 1 ? "1 turn" : $"{Number(session.Conversation.Turns)} turns";

    /// <summary>A weight as a share, such as <c>27.3 %</c>.</summary>
    public static string Share(float weight) => string.Create(CultureInfo.InvariantCulture, $"{100 * weight:F1} %");

    private static string Streams(ChatTurnResult answer) => $"P {Number(answer.Streams)}{GenerationRun.MeanWords(answer.MeanStreams, answer.StreamGate, answer.CatchUpTokens)}";

    private static string Speed(ChatTurnResult answer) =>
        answer.DecodeMsPerToken > 0 ? (1000 / answer.DecodeMsPerToken).ToString("F1", CultureInfo.InvariantCulture) : "-";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
