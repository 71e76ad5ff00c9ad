using System.Runtime.CompilerServices;
using System.Text.Json;
using ParScale.Text;

namespace ParScale.Generation.Constraints;

/// <summary>
/// The form that a generated text must have. Before each token those that would break it are excluded, so that the text has the form at
/// every length; it is whole unless the number of new tokens ends it first. Reading a schema costs time once: keep the object.
/// Safe to use from several threads and with several models.
/// </summary>
public sealed class OutputConstraint
{
    private readonly Lock _gate = new();
    private GrammarWalk _walk;

    internal OutputConstraint(Grammar grammar) => (Grammar, _walk) = (grammar, new GrammarWalk(grammar));

    /// <summary>Any JSON object.</summary>
    public static OutputConstraint JsonObject { get; } = new(JsonText.Object);

    /// <summary>
    /// JSON that a schema (JSON Schema 2020-12) allows, with the properties in the schema's order. Strings of length, pattern and format,
    /// integers between bounds, lists, enumerations, choices and references are enforced.
    /// </summary>
    /// <exception cref="ParScaleException">The schema is malformed (JS-01) or has a keyword that cannot be enforced (JS-02); the message names it.</exception>
    public static OutputConstraint JsonSchema(JsonElement schema) => new(JsonSchemaGrammar.Read(schema));

    /// <summary>What the text may be.</summary>
    internal Grammar Grammar { get; }

    /// <summary>The same after another text.</summary>
    internal OutputConstraint After(Grammar before) => new(Grammar.All(before, Grammar));

    /// <summary>Starts a text.</summary>
    /// <param name="tokenizer">The tokenizer of the model.</param>
    /// <param name="controls">The control tokens that the grammar names, by their places.</param>
    internal ConstrainedText Begin(Tokenizer tokenizer, IReadOnlyList<int> controls) => new(this, tokenizer, controls);

    /// <summary>
    /// What texts walk through together, with room for another one. When it fills up, later texts get a new one, and so does a text that finds it
    /// <paramref name="full"/>: what some texts were like never ends others.
    /// </summary>
    internal GrammarWalk Walk(GrammarWalk? full = null)
    {
        lock (_gate)
        {
            if (_walk == full || _walk.Automaton.StateCount > GrammarAutomaton.MostStates / 2) _walk = new GrammarWalk(Grammar);
            return _walk;
        }
    }
}

/// <summary>The states of a grammar that texts have met, and their masks for each vocabulary.</summary>
internal sealed class GrammarWalk(Grammar grammar)
{
    private readonly ConditionalWeakTable<Tokenizer, TokenMasks> _masks = [];

    public GrammarAutomaton Automaton { get; } = new(grammar);

    public TokenMasks Masks(Tokenizer tokenizer) => _masks.GetValue(tokenizer, key => new TokenMasks(Automaton, TokenTrie.Of(key)));
}

/// <summary>
/// The masks of the states that were met with one vocabulary. A new one may take longer than a step of a large model, so it is made beside
/// the engine, while the model runs. Safe to use from several threads.
/// </summary>
internal sealed class TokenMasks(GrammarAutomaton automaton, TokenTrie trie)
{
    // A mask of 150,000 tokens takes 19 kB.
    private const int Most = 512;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, Task<TokenMask>> _byState = [];

    /// <summary>The tokens whose text can follow in a state; not to be changed.</summary>
    public Task<TokenMask> Of(int state)
    {
        lock (_gate)
        {
            if (_byState.TryGetValue(state, out Task<TokenMask>? known)) return known;
            if (_byState.Count == Most) _byState.Clear();
            return _byState[state] = Task.Run(() => trie.Allowed(automaton, state));
        }
    }
}

/// <summary>One text on its way through the grammar.</summary>
internal sealed class ConstrainedText
{
    private readonly OutputConstraint _constraint;
    private readonly Tokenizer _tokenizer;
    private readonly IReadOnlyList<int> _controls;
    private readonly TokenMask _mask;
    private readonly List<int> _chosen = [];
    private GrammarWalk _walk;
    private int _state;
    private Task<TokenMask> _next;

    public ConstrainedText(OutputConstraint constraint, Tokenizer tokenizer, IReadOnlyList<int> controls)
    {
        (_constraint, _tokenizer, _controls, _mask) = (constraint, tokenizer, controls, new TokenMask(tokenizer.IdLimit));
        _walk = constraint.Walk();
        _state = _walk.Automaton.Start;
        _next = _walk.Masks(tokenizer).Of(_state);
    }

    /// <summary>Whether the text is whole and nothing can follow.</summary>
    public bool IsComplete => _walk.Automaton.MustEnd(_state);

    /// <summary>Whether <see cref="Next"/> answers at once.</summary>
    public bool IsReady => _next.IsCompleted;

    /// <summary>Calls back, on another thread, when <see cref="Next"/> will answer at once.</summary>
    public void WhenReady(Action call) =>
        _next.ContinueWith(_ => call(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    /// <summary>The tokens that may come next, the given end-of-text tokens among them where the text may end; waits until they are known.</summary>
    /// <exception cref="ParScaleException">The vocabulary has no token for what must follow (JS-04), or this text alone meets too many states (JS-03).</exception>
    public TokenMask Next(IReadOnlyList<int> endOfText)
    {
        try
        {
            _mask.CopyFrom(_next.GetAwaiter().GetResult());
        }
        catch (ParScaleException e) when (e.Code == GrammarAutomaton.TooManyStates)
        {
            WalkAnew();
            _mask.CopyFrom(_next.GetAwaiter().GetResult());
        }
        for (int place = 0; place < _controls.Count; place++)
            if (_walk.Automaton.Next(_state, (byte)(Grammar.FirstControl + place)) != GrammarAutomaton.Dead) _mask.Add(_controls[place]);
        if (_walk.Automaton.MayEnd(_state))
        {
            foreach (int token in endOfText) _mask.Add(token);
        }
        return _mask.IsEmpty ? throw ParScaleException.Usage("JS-04", "the model's vocabulary has no token for what the output schema asks next") : _mask;
    }

    /// <summary>A token was chosen; what may follow it is looked for from now on.</summary>
    public void Append(int token)
    {
        _chosen.Add(token);
        try
        {
            _state = After(_state, token);
            if (!IsComplete) _next = _walk.Masks(_tokenizer).Of(_state);
        }
        catch (ParScaleException e) when (e.Code == GrammarAutomaton.TooManyStates)
        {
            WalkAnew();
        }
    }

    // The same text through states that no other has filled.
    private void WalkAnew()
    {
        _walk = _constraint.Walk(full: _walk);
        _state = _walk.Automaton.Start;
        foreach (int token in _chosen) _state = After(_state, token);
        if (!IsComplete) _next = _walk.Masks(_tokenizer).Of(_state);
    }

    private int After(int state, int token)
    {
        for (int place = 0; place < _controls.Count; place++)
        {
            if (_controls[place] == token) return _walk.Automaton.Next(state, (byte)(Grammar.FirstControl + place));
        }
        foreach (byte value in _tokenizer.BytesOf(token, skipSpecial: true)) state = _walk.Automaton.Next(state, value);
        return state;
    }
}
