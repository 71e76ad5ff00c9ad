using System.Diagnostics;
using System.Runtime.InteropServices;
using ParScale.Sampling;
using ParScale.Text;

namespace ParScale.Generation;

/// <summary>The loop: prefill, then choose, show, append, until a stop rule holds.</summary>
internal static class Generator
{
    /// <summary>Generates after <paramref name="prompt"/>. Without a tokenizer the pieces carry ids only.</summary>
    /// <exception cref="ParScaleException">The options or the prompt are refused; thrown at once, before the first piece is asked for.</exception>
    public static IEnumerable<GeneratedPiece> Run(
        LanguageModel model, Tokenizer? tokenizer, ReadOnlyMemory<int> prompt, GenerationOptions options, CancellationToken cancellation)
    {
        options.Validate();
        if (prompt.IsEmpty) throw Session.NoTokens();
        if (prompt.Length > model.Config.MaxPositions) throw Session.ContextFull(model.Config, prompt.Length);
        foreach (int token in prompt.Span) model.CheckToken(token);
        return Pieces(model, tokenizer, prompt, options, cancellation);
    }

    private static IEnumerable<GeneratedPiece> Pieces(
        LanguageModel model, Tokenizer? tokenizer, ReadOnlyMemory<int> prompt, GenerationOptions options, CancellationToken cancellation)
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
        int next = sampler.Next(session.Append(prompt.Span, cancellation));
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

            cancellation.ThrowIfCancellationRequested();
            decode.Start();
            tokens.Add(next);
            next = sampler.Next(Extend(session, tokens, cancellation));
            decode.Stop();
            steps++;
        }
        yield return new GeneratedPiece(text is null ? "" : stop.Append(text.Flush()) + stop.Flush(), null)
        {
            FinishReason = reason,
            Statistics = new GenerationStatistics(prompt.Length, count, prefill.Elapsed, decode.Elapsed, steps),
        };
    }

    // A full context begins anew with the latter half of the text: positions start from 0 again, and so do keys and values.
    private static ReadOnlySpan<float> Extend(Session session, List<int> tokens, CancellationToken cancellation)
    {
        ReadOnlySpan<int> all = CollectionsMarshal.AsSpan(tokens);
        if (session.Position < session.Capacity) return session.Append(all[^1..], cancellation);
        session.Reset();
        return session.Append(all[^Math.Max(1, session.Capacity / 2)..], cancellation);
    }
}
