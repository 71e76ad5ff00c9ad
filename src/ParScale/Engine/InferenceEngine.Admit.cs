using ParScale.Model;

namespace ParScale.Engine;

// Between two passes: who comes in, and with which memory.
internal sealed partial class InferenceEngine
{
    // In order of arrival: who needs much room is not overtaken by who needs little. A session has its room already.
    private void Admit()
    {
        int rows = 0;
        foreach (Work work in _active) rows += work.LargestSet.Count;
        bool full = false;
        for (int i = 0; i < _waiting.Count; i++)
        {
            Work work = _waiting[i];
            if (rows + work.LargestSet.Count > ForwardPass.MostRows) break;
            if (work.Cache is null && (full || !TryGiveRoom(work)))
            {
                full = true;
                continue;
            }
            _waiting.RemoveAt(i--);
            if (work.HasLeft) continue;
            work.Begin();
            rows += work.LargestSet.Count;
            int place = _active.Count;
            while (place > 0 && _active[place - 1].LargestSet != work.LargestSet) place--;
            _active.Insert(place == 0 ? _active.Count : place, work);
        }
    }

    // All caches of a work or none, so that nobody holds one while waiting for another. True too when the work has ended because memory
    // could not be taken.
    private bool TryGiveRoom(Work work)
    {
        ReadOnlySpan<SequenceCache> caches = work.Caches;
        ReadOnlySpan<int> tokens = work.Pending[..^1];
        int epoch = _backbone.RotationEpoch(work.Pending.Length);
        var earlier = new FinishedSequence?[caches.Length];
        for (int i = 0; i < caches.Length && work is { MayReuse: true, Scope: { } scope } && !tokens.IsEmpty; i++)
            earlier[i] = Memory.Take(caches[i].Set.Cached, scope, epoch, tokens);
        long reserved = BytesWithout(null);
        bool copies = Memory.TryReserve(reserved);
        try
        {
            if (!copies)
            {
                // No room for old and new: a new sequence goes on in the memory of the old one, which is in the way where it is too small.
                for (int i = 0; i < caches.Length; i++)
                    if (earlier[i] is { } old && old.Cache.Capacity < work.Capacity) Return(i, shared: 0);
                reserved = BytesWithout(earlier);
                if (!Memory.TryReserve(reserved))
                {
                    for (int i = 0; i < caches.Length; i++) Return(i, shared: 0);
                    reserved = BytesWithout(null);
                    if (!Memory.TryReserve(reserved)) return false;
                }
            }
            for (int i = 0; i < caches.Length; i++)
            {
                int shared = earlier[i]?.Shared(tokens) ?? 0;
                if (!copies && earlier[i] is { } old)
                {
                    (caches[i].Kv, earlier[i]) = (old.Cache, null);
                    old.Cache.Rewind(shared);
                    continue;
                }
                KeyValues cache = NewCache(caches[i].Set, work.Capacity, copies ? earlier : []);
                (caches[i].Kv, reserved) = (cache, reserved - cache.Bytes);
                if (earlier[i] is not { } begun) continue;
                cache.CopyFrom(begun.Cache, shared);
                Return(i, shared);
            }
        }
        catch (Exception failure) when (failure is OutOfMemoryException or ParScaleException)
        {
            Memory.Release(reserved);
            Leave(work, failure);
        }
        finally
        {
            for (int i = 0; i < earlier.Length; i++) Return(i, shared: 0);
        }
        return true;

        long BytesWithout(FinishedSequence?[]? taken)
        {
            long bytes = 0;
            for (int i = 0; i < work.Caches.Length; i++)
                if (taken?[i] is null) bytes += _forward.CacheBytes(work.Caches[i].Set, KvDtype, work.Capacity);
            return bytes;
        }

        void Return(int index, int shared)
        {
            if (earlier[index] is { } sequence) Memory.Return(sequence, shared);
            earlier[index] = null;
        }
    }

    // A device may have less memory than was left when its budget was read: others take it too. Then what is kept for later makes way, also what was taken out of it.
    private KeyValues NewCache(StreamSet set, int capacity, FinishedSequence?[] taken)
    {
        try
        {
            return _forward.NewCache(set, KvDtype, capacity);
        }
        catch (Exception failure) when (failure is OutOfMemoryException or ParScaleException { Kind: ErrorKind.NotEnoughMemory })
        {
            Memory.DropFinished(taken);
            Array.Clear(taken);
            return _forward.NewCache(set, KvDtype, capacity);
        }
    }
}
