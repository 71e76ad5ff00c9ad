using System.Diagnostics;
using System.Numerics.Tensors;
using ParScale.Model;

namespace ParScale.Engine;

// One step, by whoever runs the engine: who has ended leaves, who fits comes in, one pass, and what it gave is handed out.
internal sealed partial class InferenceEngine
{
    // Work with the same largest set stands side by side, so that a pass reads each aggregator once.
    private readonly List<Work> _waiting = [], _active = [], _inPass = [];
    private readonly int[] _tokens = new int[ForwardPass.MostRows];
    private readonly PromptPace _pace = new();
    private PassSequence[] _sequences = new PassSequence[4];

    /// <summary>What it does, for whoever watches.</summary>
    public EngineStatistics Statistics { get; } = new();

    // False when there was nothing to run.
    private bool Step()
    {
        try
        {
            bool stopped;
            lock (_gate)
            {
                (_changed, stopped) = (false, _stopped);
                _waiting.AddRange(_arrived);
                _arrived.Clear();
            }
            DropCancelled(_waiting, stopped);
            DropCancelled(_active, stopped);
            ResumeHeld();
            Admit();
            return RunPass();
        }
        catch (Exception failure)
        {
            // Nobody waits for ever because of a fault of ours.
            foreach (Work work in _active) Leave(work, failure);
            foreach (Work work in _waiting) Leave(work, failure);
            _active.Clear();
            _waiting.Clear();
            return false;
        }
        finally
        {
            Statistics.SawQueue(_active.Count, _waiting.Count);
            TellWhoLeft();
        }
    }

    // False when none has anything to run.
    private bool RunPass()
    {
        long start = Stopwatch.GetTimestamp();
        int stepping = Compose(out int tokens, out int promptRows, out bool more);
        if (_inPass.Count == 0) return false;
        try
        {
            int wanted = _forward.Run(_tokens.AsSpan(0, tokens), _sequences.AsSpan(0, _inPass.Count));
            int rows = 0;
            for (int i = 0; i < _inPass.Count; i++)
            {
                _inPass[i].Advance(_sequences[i].Count);
                rows += _sequences[i].Rows;
            }
            HandOut(wanted);
            Statistics.SawPass(rows);
        }
        catch (Exception failure)
        {
            // What the caches hold now is unknown: those of sessions are rewound by them, the others are not used again.
            foreach (Work work in _inPass) Leave(work, failure);
        }
        foreach (Work work in _inPass)
        {
            if (!work.HasLeft && work.IsComplete) Leave(work, null);
        }
        for (int i = _active.Count - 1; i >= 0; i--)
        {
            if (_active[i].HasLeft) _active.RemoveAt(i);
        }
        bool pauses = false;
        for (int i = 0; i < stepping; i++) pauses |= _inPass[i].Pauses;
        _pace.Learn(stepping, pauses, promptRows, more, Stopwatch.GetElapsedTime(start).TotalSeconds);
        return true;
    }

    // Steps first, then prompts in order of arrival. Returns the number of steps.
    private int Compose(out int tokens, out int promptRows, out bool more)
    {
        _inPass.Clear();
        (tokens, promptRows, more) = (0, 0, false);
        // Whose other streams rest comes first: so those of each set stand side by side all the same.
        int rows = Steps(rest: true, ref tokens) + Steps(rest: false, ref tokens);
        int stepping = _inPass.Count, left = ForwardPass.MostRows - rows;
        int paced = _pace.Rows(stepping, left);
        long last = -1;
        while (NextPrompt(last) is { } work)
        {
            last = work.Number;
            // However slow the pace, the first of them goes on by a token.
            int least = promptRows == 0 && left >= work.Set.Count ? 1 : 0;
            int count = Math.Min(work.Pending.Length, Math.Max(least, Fitting(work, paced - promptRows)));
            more |= count < work.Pending.Length;
            if (count == 0) break;
            tokens += Add(work, count, tokens);
            int added = _sequences[_inPass.Count - 1].Rows;
            promptRows += added;
            left -= added;
        }
        return stepping;
    }

    private int Steps(bool rest, ref int tokens)
    {
        int rows = 0;
        foreach (Work work in _active)
        {
            if (work.Rests != rest) continue;
            Turn(work);
            if (work.Pending.Length != 1) continue;
            tokens += Add(work, 1, tokens);
            rows += _sequences[_inPass.Count - 1].Rows;
        }
        return rows;
    }

    // The most of its pending tokens that have no more rows than these.
    private static int Fitting(Work work, int rows)
    {
        if (!work.Set.IsAnchored) return rows / work.Set.Count;
        int count = Math.Min(work.Pending.Length, rows);
        while (count > 0 && work.Rows(count) > rows) count--;
        return count;
    }

    // All keys of a sequence turn by the frequencies of its whole length. Where these change with the length, the cache begins anew.
    private void Turn(Work work)
    {
        KeyValues cache = work.Cache!;
        int epoch = _backbone.RotationEpoch(cache.Position + work.Pending.Length);
        if (cache.Epoch == epoch) return;
        if (cache.Position > 0)
        {
            work.Rerun();
            cache.Rewind(0);
        }
        cache.Epoch = epoch;
    }

    private Work? NextPrompt(long after)
    {
        Work? next = null;
        foreach (Work work in _active)
            if (work.Pending.Length > 1 && work.Number > after && (next is null || work.Number < next.Number)) next = work;
        return next;
    }

    private int Add(Work work, int count, int firstToken)
    {
        work.Pending[..count].CopyTo(_tokens.AsSpan(firstToken));
        if (_sequences.Length == _inPass.Count) Array.Resize(ref _sequences, 2 * _sequences.Length);
        _sequences[_inPass.Count] = new PassSequence(work.Cache!, work.Set, count, work.Wanted(count)) { Active = work.Active(count), LikeliestDo = work.LikeliestDo };
        _inPass.Add(work);
        return count;
    }

    // The tokens whose logits are wanted come in the order of the pass.
    private void HandOut(int wanted)
    {
        int vocabulary = _backbone.Config.VocabularySize;
        int sequence = 0, taken = 0, mixedRow = 0, first = 0, end = 0;
        ReadOnlySpan<float> logits = [];
        for (int token = 0; token < wanted; token++, taken++)
        {
            while (taken == _sequences[sequence].Wanted) (sequence, taken) = (sequence + 1, 0);
            int position = _sequences[sequence].Cache.Position - _sequences[sequence].Wanted + taken;
            Likeliest likeliest = _forward.LikeliestOf(token);
            if (likeliest.Tokens.IsEmpty && token == end)
            {
                (first, end) = (token, Math.Min(token + ForwardPass.MostLogits, wanted));
                logits = _forward.Logits(first, end - first);
            }
            ReadOnlySpan<float> own = likeliest.Tokens.IsEmpty ? logits.Slice((token - first) * vocabulary, vocabulary) : [];
            Give(_inPass[sequence], _sequences[sequence].Set, position, token, likeliest, own, mixedRow);
            mixedRow += _sequences[sequence].Set.Count;
        }
    }

    // What a request's own sampler or visitor throws ends that request alone.
    private void Give(Work work, StreamSet set, int position, int token, in Likeliest likeliest, ReadOnlySpan<float> logits, int mixedRow)
    {
        if (work.HasLeft) return;
        try
        {
            bool chosen = !likeliest.Tokens.IsEmpty;
            if (!(chosen ? likeliest.AllFinite : TensorPrimitives.IsFiniteAll(logits))) throw _notFinite(set);
            if (!chosen && work.RunsAgain(position, logits)) return;
            if (set.Count > 1)
            {
                ReadOnlySpan<float> weights = _forward.StreamWeights(mixedRow, set.Count);
                Statistics.SawWeights(set, weights);
                if (work.WantsStreamWeights) work.TakeStreamWeights(weights);
            }
            if (!chosen) work.Take(position, logits);
            else if (!work.TryTake(likeliest)) work.Take(position, _forward.Logits(token, 1));
        }
        catch (Exception failure)
        {
            Leave(work, failure);
        }
    }
}
