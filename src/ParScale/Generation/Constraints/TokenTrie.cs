using ParScale.Text;

namespace ParScale.Generation.Constraints;

/// <summary>The texts of a vocabulary as a tree of bytes, so that tokens which begin alike are looked at together.</summary>
internal sealed class TokenTrie
{
    private readonly List<Node> _nodes = [new Node()];
    private readonly int[][] _children;

    /// <summary>The tokens that stand for text; those that control the model are left out.</summary>
    public TokenTrie(Tokenizer tokenizer)
    {
        VocabularySize = tokenizer.IdLimit;
        var byByte = new List<SortedDictionary<byte, int>> { new() };
        for (int token = 0; token < tokenizer.IdLimit; token++)
        {
            ReadOnlySpan<byte> text = tokenizer.BytesOf(token, skipSpecial: true);
            if (text.IsEmpty) continue;
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
