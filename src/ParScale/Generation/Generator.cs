using System.Diagnostics;
using System.Runtime.InteropServices;
using ParScale.Sampling;
using ParScale.Text;

namespace ParScale.Generation;

/// <summary>The loop: prefill, then choose, show, append, until a stop rule holds.</summary>
internal static class Generator
{
    /// <summary>Refuses bad options and prompts, so that a caller hears of them at once and not with the first piece.</summary>
    /// <exception cref="ParScaleException">An option is out of range, or the prompt is empty, too long or not in the vocabulary.</exception>
    public static void Check(LanguageModel model, ReadOnlyMemory<int> prompt, GenerationOptions options)
    {
        options.Validate();
        if (prompt.IsEmpty) throw Session.NoTokens();
        if (prompt.Length > model.Config.MaxPositions) throw Session.ContextFull(model.Config, prompt.Length);
        foreach (int token in prompt.Span) model.CheckToken(token);
    }

    /// <summary>Generates after a checked <paramref name="prompt"/>. Without a tokenizer the pieces carry ids only.</summary>
    public static IEnumerable<GeneratedPiece> Pieces(
        LanguageModel model, Tokenizer? tokenizer, ReadOnlyMemory<int> prompt, GenerationOptions options, CancellationToken cancellationToken)
    {
        int room = model.Config.MaxPositions - prompt.Length;
        // The last token chosen is never appended: it needs no slot.
        int most = options.ContextShift ? options.MaxNewTokens : Math.Min(options.MaxNewTokens, room + 1);
        using Session session = model.CreateSession(prompt.Length + Math.Min(most - 1, room));
        List<int> tokens = [.. prompt.Span];
        var sampler = new Sampler(options.Sampling, model.Config.VocabularySize);
        foreach (int token in prompt.Span) sampler.See(token);
        TextStream? text = tokenizer?.CreateStream();
        var stop = new StopRules(options.Stop);
        var prefill = Stopwatch.StartNew();
        int next = sampler.Next(session.Append(prompt.Span, cancellationToken));
        prefill.Stop();

        var decode = new Stopwatch();
        FinishReason reason = FinishReason.Length;
        int count = 0, steps = 0;
        while (true)
        {
            count++;
            bool ended = !options.IgnoreEndOfText && model.Config.EndOfTextIds.Contains(next);
            string piece = ended || text is null ? "" : stop.Append(text.Append(next));
            yield return new GeneratedPiece(piece, next);
            if (ended || stop.Stopped) reason = FinishReason.Stop;
            if (ended || stop.Stopped || count == most) break;

            cancellationToken.ThrowIfCancellationRequested();
            decode.Start();
            tokens.Add(next);
            next = sampler.Next(Extend(session, tokens, cancellationToken));
            decode.Stop();
            steps++;
        }
        string rest = text is null ? "" : stop.Append(text.Flush()) + stop.Flush();
        yield return new GeneratedPiece(rest, null)
        {
            FinishReason = stop.Stopped ? FinishReason.Stop : reason,
            Statistics = new GenerationStatistics(prompt.Length, count, prefill.Elapsed, decode.Elapsed, steps),
        };
    }

    // A full context begins anew with the latter half of the text: positions start from 0 again, and so do keys and values.
    private static ReadOnlySpan<float> Extend(Session session, List<int> tokens, CancellationToken cancellationToken)
    {
        ReadOnlySpan<int> all = CollectionsMarshal.AsSpan(tokens);
        if (session.Position < session.Capacity) return session.Append(all[^1..], cancellationToken);
        session.Reset();
        return session.Append(all[^Math.Max(1, session.Capacity / 2)..], cancellationToken);
    }
}
