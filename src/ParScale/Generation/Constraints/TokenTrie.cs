using System.Runtime.CompilerServices;
using ParScale.Text;

namespace ParScale.Generation.Constraints;

/// <summary>The texts of a vocabulary as a tree of bytes, so that tokens which begin alike are looked at together.</summary>
internal sealed class TokenTrie
{
    // A vocabulary of 150,000 takes long to sort in: once for each tokenizer, not for each schema.
    private static readonly ConditionalWeakTable<Tokenizer, TokenTrie> ByTokenizer = [];

    private readonly List<Node> _nodes = [new Node()];
    private readonly int[][] _children;

    // The tokens that stand for text; those that control the model are left out.
    private TokenTrie(Tokenizer tokenizer)
    {
        VocabularySize = tokenizer.IdLimit;
        var byByte = new List<SortedDictionary<byte, int>> { new() };
        for (int token = 0; token < tokenizer.IdLimit; token++)
        {
            ReadOnlySpan<byte> text = tokenizer.BytesOf(token, skipSpecial: true);
            // The bytes of control tokens are no text.
            if (text.IsEmpty || text.IndexOfAnyInRange(Grammar.FirstControl, byte.MaxValue) >= 0) continue;
            int node = 0;
            foreach (byte value in text)
            {
                if (!byByte[node].TryGetValue(value, out int child))
                {
                    byByte[node][value] = child = _nodes.Count;
                    _nodes.Add(new Node { Value = value });
                    byByte.Add([]);
                }
                node = child;
            }
            (_nodes[node].Tokens ??= []).Add(token);
        }
        _children = [.. byByte.Select(children => children.Values.ToArray())];
    }

    /// <summary>Number of token ids.</summary>
    public int VocabularySize { get; }

    /// <summary>The tree of a tokenizer, made when it is first asked for.</summary>
    public static TokenTrie Of(Tokenizer tokenizer) => ByTokenizer.GetValue(tokenizer, key => new TokenTrie(key));

    /// <summary>The tokens whose whole text can follow in a state.</summary>
    public TokenMask Allowed(GrammarAutomaton automaton, int state)
    {
        var mask = new TokenMask(VocabularySize);
        // A long token is as deep as it has bytes: no recursion.
        var open = new Stack<(int Node, int State)>();
        open.Push((0, state));
        while (open.TryPop(out (int Node, int State) here))
        {
            foreach (int child in _children[here.Node])
            {
                Node node = _nodes[child];
                int next = automaton.Next(here.State, node.Value);
                if (next == GrammarAutomaton.Dead) continue;
                foreach (int token in node.Tokens ?? []) mask.Add(token);
                open.Push((child, next));
            }
        }
        return mask;
    }

    private sealed class Node
    {
        public byte Value { get; init; }

        public List<int>? Tokens { get; set; }
    }
}
