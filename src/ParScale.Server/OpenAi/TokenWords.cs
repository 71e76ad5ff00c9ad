using System.Text;
using ParScale.Generation;
using ParScale.Text;

namespace ParScale.Server.OpenAi;

/// <summary>Single tokens as answers show them. A token that is no whole text has its bytes as a name, so that none is like another.</summary>
internal sealed class TokenWords(Tokenizer tokenizer)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>The token's text, or <c>bytes:\xe4</c> for one that ends inside a character.</summary>
    public string Of(int token)
    {
        ReadOnlySpan<byte> bytes = tokenizer.BytesOf(token, skipSpecial: false);
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            var name = new StringBuilder("bytes:");
            foreach (byte value in bytes) name.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\x{value:x2}");
            return name.ToString();
        }
    }

    /// <summary>A predicted token with the likeliest ones in its place.</summary>
    public ChatTokenLogProb Describe(PredictedToken token) =>
        Describe(token.TokenId, token.LogProb) with { TopLogProbs = [.. token.Top.Select(top => Describe(top.TokenId, top.LogProb))] };

    /// <summary>The log-probabilities of a prompt, when it is echoed, and of what follows it.</summary>
    /// <param name="first">The first token of the echoed prompt, which nothing predicts; null without echo.</param>
    /// <param name="predicted">The tokens after it.</param>
    /// <param name="characters">Code points of text before the first token; those before the next one when done.</param>
    public TextLogProbs List(int? first, IReadOnlyList<PredictedToken> predicted, ref int characters)
    {
        var tokens = new List<string>();
        var logProbs = new List<double?>();
        var tops = new List<IReadOnlyDictionary<string, double>?>();
        var offsets = new List<int>();
        void Add(int id, double? logProb, IReadOnlyDictionary<string, double>? top, ref int characters)
        {
            ReadOnlySpan<byte> bytes = tokenizer.BytesOf(id, skipSpecial: false);
            // A token that begins inside a character stands where that character does.
            bool inside = bytes.Length > 0 && (bytes[0] & 0xC0) == 0x80;
            offsets.Add(inside ? Math.Max(0, characters - 1) : characters);
            foreach (byte value in bytes) characters += (value & 0xC0) == 0x80 ? 0 : 1;
            tokens.Add(Of(id));
            logProbs.Add(logProb);
            tops.Add(top);
        }
        if (first is { } id) Add(id, null, null, ref characters);
        foreach (PredictedToken token in predicted) Add(token.TokenId, token.LogProb, Top(token), ref characters);
        return new TextLogProbs(tokens, logProbs, tops, offsets);
    }

    // With the chosen token itself, so that the largest value tells whether it was the likeliest.
    private Dictionary<string, double> Top(PredictedToken token)
    {
        var top = new Dictionary<string, double>();
        foreach (TokenLogProb one in token.Top) top.TryAdd(Of(one.TokenId), one.LogProb);
        top.TryAdd(Of(token.TokenId), token.LogProb);
        return top;
    }

    private ChatTokenLogProb Describe(int token, double logProb) => new(Of(token), logProb, [.. tokenizer.BytesOf(token, skipSpecial: false).ToArray().Select(value => (int)value)]);
}
