using System.Runtime.InteropServices;

namespace ParScale.Generation.Constraints;

/// <summary>
/// Reads texts of a grammar byte by byte. A state is a set of (byte set, what must follow); states and their successors are made
/// when they are first met and kept, so that a second walk through the same ones is a table lookup. Safe to use from several threads.
/// </summary>
internal sealed class GrammarAutomaton
{
    /// <summary>The state that no text leads out of.</summary>
    public const int Dead = -1;

    private const int Unknown = -2;

    // A grammar with counted parts can have very many states; beyond this the text is refused rather than memory filled.
    public const int MostStates = 20_000;

    /// <summary>The code of the error where there would be more.</summary>
    public const string TooManyStates = "JS-03";

    private readonly Lock _gate = new();
    private readonly List<State> _states = [];
    private readonly Dictionary<string, int> _byItems = [];

    // What must follow, as a list of grammars whose first is next; equal lists are one object, so that states can be compared.
    private readonly Dictionary<(Grammar Head, Follow? Tail), Follow> _follows = [];
    private readonly Dictionary<ByteSet, int> _setIds = [];
    private readonly Dictionary<(Grammar Part, int Least, int? Most), Grammar.Repetition> _repetitions = [];

    /// <summary>An automaton that accepts the texts of a grammar.</summary>
    public GrammarAutomaton(Grammar start)
    {
        var items = new Items();
        Expand(start, null, items);
        Start = StateOf(items);
    }

    /// <summary>The state before any byte.</summary>
    public int Start { get; }

    /// <summary>Number of states that were met so far.</summary>
    public int StateCount
    {
        get
        {
            lock (_gate) return _states.Count;
        }
    }

    /// <summary>The state after another byte, or <see cref="Dead"/>.</summary>
    /// <exception cref="ParScaleException">The grammar has too many states (JS-03).</exception>
    public int Next(int state, byte value)
    {
        lock (_gate)
        {
            State from = _states[state];
            int next = from.Next[value];
            if (next != Unknown) return next;
            var items = new Items();
            foreach ((ByteSet set, Follow? follow) in from.Items)
                if (set.Contains(value)) Expand(follow, items);
            return from.Next[value] = items.All.Count == 0 && !items.MayEnd ? Dead : StateOf(items);
        }
    }

    /// <summary>Whether the text may end here.</summary>
    public bool MayEnd(int state)
    {
        lock (_gate) return _states[state].MayEnd;
    }

    /// <summary>Whether no text leads further.</summary>
    public bool MustEnd(int state)
    {
        lock (_gate) return _states[state].Items.Length == 0;
    }

    private int StateOf(Items items)
    {
        // Equal continuations are one item, in a fixed order, so that a state has one key.
        (ByteSet Set, Follow? Follow)[] merged =
            [.. items.All.GroupBy(item => item.Follow).Select(group => (group.Aggregate(default(ByteSet), (set, item) => set | item.Set), group.Key)).OrderBy(item => item.Key?.Id ?? 0)];
        string key = Key(merged, items.MayEnd);
        if (_byItems.TryGetValue(key, out int known)) return known;
        if (_states.Count == MostStates)
            throw ParScaleException.Usage(TooManyStates, "the output schema has too many states; lower its limits of length and number");
        _states.Add(new State(merged, items.MayEnd));
        return _byItems[key] = _states.Count - 1;
    }

    private string Key((ByteSet Set, Follow? Follow)[] items, bool mayEnd)
    {
        var numbers = new int[2 * items.Length + 1];
        numbers[0] = mayEnd ? 1 : 0;
        for (int i = 0; i < items.Length; i++)
        {
            if (!_setIds.TryGetValue(items[i].Set, out int id)) _setIds[items[i].Set] = id = _setIds.Count;
            (numbers[2 * i + 1], numbers[2 * i + 2]) = (items[i].Follow?.Id ?? 0, id);
        }
        return MemoryMarshal.Cast<int, char>(numbers.AsSpan()).ToString();
    }

    private void Expand(Follow? follow, Items items)
    {
        if (follow is null) items.MayEnd = true;
        else Expand(follow.Head, follow.Tail, items);
    }

    // What can come first when this grammar and then that list must be matched.
    private void Expand(Grammar grammar, Follow? tail, Items items)
    {
        if (!items.Visit(grammar, tail)) return;
        switch (grammar)
        {
            case Grammar.Bytes bytes:
                items.All.Add((bytes.Set, tail));
                break;
            case Grammar.Rule rule:
                Expand(rule.Target, tail, items);
                break;
            case Grammar.Choice choice:
                foreach (Grammar one in choice.Choices) Expand(one, tail, items);
                break;
            case Grammar.Sequence { Parts: [] }:
                Expand(tail, items);
                break;
            case Grammar.Sequence sequence:
                Follow? rest = tail;
                for (int i = sequence.Parts.Count - 1; i > 0; i--) rest = Cons(sequence.Parts[i], rest);
                Expand(sequence.Parts[0], rest, items);
                break;
            case Grammar.Repetition repetition:
                if (repetition.Least == 0) Expand(tail, items);
                if (repetition.Most == 0) break;
                Expand(repetition.Part, Cons(OnceLess(repetition), tail), items);
                break;
        }
    }

    private Grammar.Repetition OnceLess(Grammar.Repetition repetition)
    {
        if (repetition is { Least: 0, Most: null }) return repetition;
        (Grammar, int, int?) key = (repetition.Part, Math.Max(0, repetition.Least - 1), repetition.Most - 1);
        if (_repetitions.TryGetValue(key, out Grammar.Repetition? known)) return known;
        return _repetitions[key] = new Grammar.Repetition(key.Item1, key.Item2, key.Item3);
    }

    private Follow Cons(Grammar head, Follow? tail)
    {
        if (_follows.TryGetValue((head, tail), out Follow? known)) return known;
        return _follows[(head, tail)] = new Follow(head, tail, _follows.Count + 1);
    }

    private sealed class Follow(Grammar head, Follow? tail, int id)
    {
        public Grammar Head => head;

        public Follow? Tail => tail;

        public int Id => id;
    }

    private sealed class State
    {
        public State((ByteSet, Follow?)[] items, bool mayEnd)
        {
            (Items, MayEnd) = (items, mayEnd);
            Array.Fill(Next, Unknown);
        }

        public (ByteSet Set, Follow? Follow)[] Items { get; }

        public bool MayEnd { get; }

        public int[] Next { get; } = new int[256];
    }

    // The items of a state in the making. What was expanded is not expanded again, or a rule that begins with itself would take for ever.
    private sealed class Items
    {
        private readonly HashSet<(Grammar, Follow?)> _visited = [];

        public List<(ByteSet Set, Follow? Follow)> All { get; } = [];

        public bool MayEnd { get; set; }

        public bool Visit(Grammar grammar, Follow? tail) => _visited.Add((grammar, tail));
    }
}
