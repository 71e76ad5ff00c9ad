using System.Text;
using System.Text.Json;
using ParScale.Generation.Constraints;

namespace ParScale.Tests.Generation.Constraints;

/// <summary>Texts read by a grammar, and texts drawn from one.</summary>
internal static class GrammarText
{
    private const int Long = 200, TooLong = 4000;

    public static GrammarAutomaton Of(string schema) => new(JsonSchemaGrammar.Read(JsonDocument.Parse(schema).RootElement));

    /// <summary>Whether the whole text is one of the grammar's.</summary>
    public static bool Accepts(GrammarAutomaton automaton, string text) => StateAfter(automaton, text) is { } state && automaton.MayEnd(state);

    /// <summary>Whether a text of the grammar begins so.</summary>
    public static bool Begins(GrammarAutomaton automaton, string text) => StateAfter(automaton, text) is not null;

    /// <summary>A random text; null when it does not end.</summary>
    public static string? Draw(GrammarAutomaton automaton, Random random)
    {
        var bytes = new List<byte>();
        int state = automaton.Start;
        while (!automaton.MustEnd(state))
        {
            if (automaton.MayEnd(state) && random.Next(4) == 0) break;
            byte[] next = [.. Enumerable.Range(0, 256).Select(value => (byte)value).Where(value => automaton.Next(state, value) != GrammarAutomaton.Dead)];
            Assert.NotEmpty(next);
            byte[] closing = [.. next.Intersect("\"}]0e"u8.ToArray())];
            bool close = closing.Length > 0 && random.Next(bytes.Count > Long ? 10 : 3) > 0 == bytes.Count > Long;
            byte value = close ? closing[bytes.Count > Long ? 0 : random.Next(closing.Length)] : next[random.Next(next.Length)];
            bytes.Add(value);
            state = automaton.Next(state, value);
            if (bytes.Count > TooLong) return null;
        }
        return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. bytes]);
    }

    private static int? StateAfter(GrammarAutomaton automaton, string text)
    {
        int state = automaton.Start;
        foreach (byte value in Encoding.UTF8.GetBytes(text))
        {
            state = automaton.Next(state, value);
            if (state == GrammarAutomaton.Dead) return null;
        }
        return state;
    }
}
