namespace ParScale.Text.Bpe;

/// <summary>
/// Places in a word, taken by lowest rank and then leftmost. Places of one rank are nearly always added left to right,
/// so a bucket per rank with a heap over the ranks only costs constant time per place, where one heap over all places would not.
/// </summary>
internal sealed class PlacesByRank
{
    private readonly Dictionary<int, Bucket> _buckets = [];
    private readonly PriorityQueue<Bucket, int> _ranks = new();

    /// <summary>Adds a place.</summary>
    public void Add(int rank, int place)
    {
        if (!_buckets.TryGetValue(rank, out Bucket? bucket)) _buckets[rank] = bucket = new Bucket();
        if (bucket.IsEmpty) _ranks.Enqueue(bucket, rank);
        bucket.Add(place);
    }

    /// <summary>Takes the leftmost place of the lowest rank; false when none is left.</summary>
    public bool TryTake(out int rank, out int place)
    {
        rank = place = 0;
        if (!_ranks.TryPeek(out Bucket? bucket, out rank)) return false;
        place = bucket.TakeLeftmost();
        if (bucket.IsEmpty) _ranks.Dequeue();
        return true;
    }

    private sealed class Bucket
    {
        private readonly List<int> _places = [];
        private int _taken;
        private bool _sorted = true;

        public bool IsEmpty => _taken == _places.Count;

        public void Add(int place)
        {
            _sorted &= IsEmpty || place >= _places[^1];
            _places.Add(place);
        }

        public int TakeLeftmost()
        {
            if (!_sorted) _places.Sort(_taken, _places.Count - _taken, null);
            _sorted = true;
            int place = _places[_taken++];
            if (IsEmpty)
            {
                _places.Clear();
                _taken = 0;
            }
            return place;
        }
    }
}
