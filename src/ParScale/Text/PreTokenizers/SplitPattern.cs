namespace ParScale.Text.PreTokenizers;

/// <summary>
/// An expression from a tokenizer file, ready to run. It finds what a backtracking engine finds, in time linear in the text: a branch
/// that has failed at a place is remembered and never tried there again.
/// </summary>
internal sealed class SplitPattern
{
    private const int MostSteps = 4096;
    private const int Matched = -1;
    private readonly List<Step> _steps = [];
    private readonly int _first;
    private int _branches;

    private SplitPattern(PatternNode whole) => _first = Compile(whole, Matched);

    private enum StepKind : byte
    {
        /// <summary>Takes one character of the set.</summary>
        Take,

        /// <summary>Tries one way and then, if that fails, the other.</summary>
        Branch,

        /// <summary>Goes one way if the next character is in the set, else the other.</summary>
        Choose,
    }

    /// <summary>How many different branches it has; what fails is remembered by branch and place.</summary>
    public int Branches => _branches;

    /// <summary>Reads an expression.</summary>
    /// <exception cref="FormatException">It has something that is not supported; the message says what.</exception>
    public static SplitPattern Parse(string pattern) => new(SplitPatternParser.Parse(pattern));

    /// <summary>A pattern that matches exactly this text, which is not empty.</summary>
    public static SplitPattern Literal(string text) =>
        new(new SequenceNode([.. text.EnumerateRunes().Select(rune => new CharacterNode(CodePointSet.Range(rune.Value, rune.Value)))]));

    /// <summary>Where the match that starts at <paramref name="start"/> ends, or -1.</summary>
    /// <param name="text">Text without lone surrogates.</param>
    /// <param name="start">A place in it.</param>
    /// <param name="failures">What has failed in this text so far; starts never go back.</param>
    public int Match(ReadOnlySpan<char> text, int start, PatternFailures failures)
    {
        int step = _first;
        int at = start;
        while (step != Matched)
        {
            Step now = _steps[step];
            bool fails = false;
            if (now.Kind == StepKind.Branch)
            {
                fails = !failures.Enter(now.Branch, at);
                if (!fails) failures.Waiting.Push((now.Otherwise, at));
                step = now.Next;
            }
            else
            {
                bool isMember = at < text.Length & now.Members.Contains(CodePointAt(text, at, out int length));
                if (now.Kind == StepKind.Choose) step = isMember ? now.Next : now.Otherwise;
                else (step, at, fails) = (now.Next, at + length, !isMember);
                fails |= step == Failed;
            }
            if (!fails) continue;
            if (!failures.Waiting.TryPop(out (int Step, int At) other)) return -1;
            (step, at) = other;
        }
        failures.Succeed(at);
        return at;
    }

    /// <summary>Where it matches in a text without lone surrogates, from left to right.</summary>
    public IEnumerable<(int Start, int End)> Matches(string text)
    {
        var failures = new PatternFailures(_branches);
        for (int at = 0; at < text.Length;)
        {
            int end = Match(text, at, failures);
            if (end >= 0) yield return (at, end);
            at = end >= 0 ? end : at + (char.IsHighSurrogate(text[at]) ? 2 : 1);
        }
    }

    private const int Failed = -2;

    private static int CodePointAt(ReadOnlySpan<char> text, int at, out int length)
    {
        length = 1;
        if (at >= text.Length) return 0;
        char first = text[at];
        if (!char.IsHighSurrogate(first)) return first;
        length = 2;
        return char.ConvertToUtf32(first, text[at + 1]);
    }

    // The step at which a part begins, when the part is followed by the step `next`.
    private int Compile(PatternNode node, int next)
    {
        switch (node)
        {
            case CharacterNode character:
                return Add(new Step(StepKind.Take, character.Members, next, Failed));
            case LookaheadNode { Negated: false } ahead:
                return Add(new Step(StepKind.Choose, ahead.Members, next, Failed));
            case LookaheadNode ahead:
                return Add(new Step(StepKind.Choose, ahead.Members, Failed, next));
            case SequenceNode sequence:
                return sequence.Parts.Reverse().Aggregate(next, (following, part) => Compile(part, following));
            case ChoiceNode choice:
                int[] starts = [.. choice.Choices.Select(one => Compile(one, next))];
                return starts.Reverse().Aggregate((following, one) => AddBranch(one, following));
            case RepeatNode repeat:
                return CompileRepeat(repeat, next);
            default:
                throw new InvalidOperationException("An unknown part of an expression.");
        }
    }

    private int CompileRepeat(RepeatNode repeat, int next)
    {
        int start = next;
        if (repeat.Most is not { } most)
        {
            // The loop comes back to a step that does not exist yet.
            start = AddOption(repeat, next, next);
            int body = Compile(repeat.Part, start);
            _steps[start] = repeat.Kind == RepeatKind.Lazy ? _steps[start] with { Otherwise = body } : _steps[start] with { Next = body };
        }
        else
        {
            for (int i = repeat.Least; i < most; i++) start = AddOption(repeat, Compile(repeat.Part, start), next);
        }
        for (int i = 0; i < repeat.Least; i++) start = Compile(repeat.Part, start);
        return start;
    }

    // Another round, or what follows.
    private int AddOption(RepeatNode repeat, int again, int next) => repeat switch
    {
        { Kind: RepeatKind.Greedy } => AddBranch(again, next),
        { Kind: RepeatKind.Lazy } => AddBranch(next, again),
        { Part: CharacterNode character } => Add(new Step(StepKind.Choose, character.Members, again, next)),
        _ => throw new InvalidOperationException("Only single characters are repeated possessively."),
    };

    private int AddBranch(int next, int otherwise) =>
        Add(new Step(StepKind.Branch, CodePointSet.WhiteSpace, next, otherwise) { Branch = _branches++ });

    private int Add(Step step)
    {
        if (_steps.Count == MostSteps) throw new FormatException($"it has more than {MostSteps} steps");
        _steps.Add(step);
        return _steps.Count - 1;
    }

    private readonly record struct Step(StepKind Kind, CodePointSet Members, int Next, int Otherwise)
    {
        public int Branch { get; init; }
    }
}

/// <summary>
/// Which branches of an expression have failed where, in one text. Only places after the last match are kept, and what failed
/// there fails for every later start too.
/// </summary>
internal sealed class PatternFailures(int branches)
{
    private const int Bits = 64;
    private readonly int _words = (branches + Bits - 1) / Bits;
    private ulong[] _tried = [];
    private int _base;
    private int _end;

    /// <summary>What is left to try in the running match, last first.</summary>
    public Stack<(int Step, int At)> Waiting { get; } = new();

    /// <summary>Notes that a branch is tried at a place; false when it was tried there before.</summary>
    public bool Enter(int branch, int at)
    {
        if (at >= _end) Extend(at + 1);
        ref ulong word = ref _tried[(at - _base) * _words + branch / Bits];
        ulong bit = 1UL << (branch % Bits);
        bool isNew = (word & bit) == 0;
        word |= bit;
        return isNew;
    }

    /// <summary>Ends a match: all that was tried after its end has failed, at its end perhaps not.</summary>
    public void Succeed(int end)
    {
        Waiting.Clear();
        if (end >= _end)
        {
            Array.Clear(_tried, 0, (_end - _base) * _words);
            _base = _end = end;
            return;
        }
        Array.Clear(_tried, (end - _base) * _words, _words);

        // Moving what is kept to the front pays when at least as much was passed, so the moves are linear in the text too.
        int kept = _end - end;
        if (end - _base < kept) return;
        Array.Copy(_tried, (end - _base) * _words, _tried, 0, kept * _words);
        Array.Clear(_tried, kept * _words, (end - _base) * _words);
        _base = end;
    }

    private void Extend(int end)
    {
        _end = end;
        int needed = (end - _base) * _words;
        if (needed > _tried.Length) Array.Resize(ref _tried, Math.Max(needed, 2 * _tried.Length));
    }
}
