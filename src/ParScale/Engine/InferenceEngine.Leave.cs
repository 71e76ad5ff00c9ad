namespace ParScale.Engine;

// Between two passes: who was cancelled, who was held and can go on, and who has ended.
internal sealed partial class InferenceEngine
{
    private readonly List<(Work Work, Exception? Failure)> _left = [];

    private void DropCancelled(List<Work> list, bool stopped)
    {
        for (int i = list.Count - 1; i >= 0; i--)
        {
            Work work = list[i];
            if (work.Cancellation.IsCancellationRequested) Leave(work, new OperationCanceledException(work.Cancellation));
            else if (stopped && !work.KeepsCache) Leave(work, new ObjectDisposedException(nameof(LanguageModel)));
            else continue;
            list.RemoveAt(i);
        }
    }

    private void ResumeHeld()
    {
        for (int i = _active.Count - 1; i >= 0; i--)
        {
            Work work = _active[i];
            if (!work.CanResume) continue;
            try
            {
                work.Resume();
                if (work.IsComplete) Leave(work, null);
            }
            catch (Exception failure)
            {
                Leave(work, failure);
            }
            if (work.HasLeft) _active.RemoveAt(i);
        }
    }

    // Its memory is back before its caller hears of the end.
    private void Leave(Work work, Exception? failure)
    {
        if (work.HasLeft) return;
        work.HasLeft = true;
        _left.Add((work, failure));
        if (work.KeepsCache || work.Cache is null) return;
        ReadOnlySpan<int> reusable = work.Scope is not null && (failure is null or OperationCanceledException) ? work.Reusable : [];
        foreach (SequenceCache cache in work.Caches)
        {
            if (cache.Kv is not { } kv) continue;
            Memory.Finish(cache.Set.Cached, work.Scope ?? "", reusable[..Math.Min(kv.Position, reusable.Length)], kv);
            cache.Kv = null;
        }
        lock (_gate) _changed = true;
    }

    // Last in a step, when the work stands in no list any more: a session's caller uses it again at once.
    private void TellWhoLeft()
    {
        foreach ((Work work, Exception? failure) in _left)
        {
            bool counted = !work.KeepsCache;
            work.End(failure);
            if (!counted) continue;
            lock (_gate)
            {
                _open--;
                Monitor.PulseAll(_gate);
            }
        }
        _left.Clear();
    }
}
