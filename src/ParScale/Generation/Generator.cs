using System.Diagnostics;
using ParScale.Sampling;
using ParScale.Text;

namespace ParScale.Generation;

/// <summary>The loop: prefill, then choose, show, append, until a stop rule holds.</summary>
internal static class Generator
{
    /// <summary>Generates after <paramref name="prompt"/>. Without a tokenizer the pieces carry ids only.</summary>
    public static IEnumerable<GeneratedPiece> Run(
        LanguageModel model, Tokenizer? tokenizer, ReadOnlyMemory<int> prompt, GenerationOptions options, CancellationToken cancellation)
    {
        int room = model.Config.MaxPositions - prompt.Length;
        if (room < 0) throw Session.ContextFull(model.Config, prompt.Length);
        int most = Math.Min(options.MaxNewTokens, room + 1);
        // The last token chosen is never appended: it needs no slot.
        using Session session = model.CreateSession(prompt.Length + most - 1);
        var sampler = new Sampler(options.Sampling, model.Config.VocabularySize);
        foreach (int token in prompt.Span) sampler.See(token);
        TextStream? text = tokenizer?.CreateStream();
        var stop = new StopRules(options.Stop);
        var prefill = Stopwatch.StartNew();
        int next = Choose(session.Append(prompt.Span, cancellation), sampler);
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
            next = Choose(session.Append([next], cancellation), sampler);
            decode.Stop();
            steps++;
        }
        yield return new GeneratedPiece(text is null ? "" : stop.Append(text.Flush()) + stop.Flush(), null)
        {
            FinishReason = reason,
            Statistics = new GenerationStatistics(prompt.Length, count, prefill.Elapsed, decode.Elapsed, steps),
        };
    }

    private static int Choose(ReadOnlySpan<float> logits, Sampler sampler)
    {
        foreach (float logit in logits)
        {
            if (float.IsFinite(logit)) continue;
            throw new ParScaleException(ErrorKind.BadInput, "ST-24",
                "nonfinite_logits: the model computed a value that is not a number; its weights are damaged or overflow");
        }
        return sampler.Next(logits);
    }
}
