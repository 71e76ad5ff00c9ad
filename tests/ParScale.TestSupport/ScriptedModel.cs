using ParScale.Configuration;

namespace ParScale.TestSupport;

/// <summary>
/// A model whose every token is followed by one other, so that it says what a test wants: its layers add nothing, its embedding has a
/// dimension for each token, and its head a row that looks for the one before. It has sets of P = 1 and 2, which say the same.
/// </summary>
public sealed class ScriptedModel : IDisposable
{
    /// <summary>The control tokens with which the assistant's turn opens: one opens the first script, the other the second.</summary>
    public const string Call = "<|call|>", Answer = "<|answer|>";

    public const int Context = 4096;

    private readonly TempFolder _folder = new();

    /// <param name="template">The chat template.</param>
    /// <param name="calling">What it says after <see cref="Call"/>: pieces that become a token each, all different.</param>
    /// <param name="answering">What it says after <see cref="Answer"/>.</param>
    /// <param name="special">Pieces that are control tokens.</param>
    public ScriptedModel(string template, string[] calling, string[] answering, params string[] special)
    {
        var tokenizer = new TinyTokenizer();
        tokenizer.Add("<|im_start|>", special: true);
        int end = tokenizer.Add("<|im_end|>", special: true);
        var next = new Dictionary<int, int>();
        int last = end;
        foreach (string[] script in (string[][])[[Call, .. calling], [Answer, .. answering]])
        {
            int before = -1;
            foreach (string piece in script)
            {
                last = tokenizer.Add(piece, special: piece is Call or Answer || special.Contains(piece));
                if (before >= 0) next[before] = last;
                before = last;
            }
        }
        int vocabulary = last + 1, hidden = (vocabulary + 3) / 4 * 4;
        string plain = _folder.File("plain");
        CheckpointConfig config = RandomCheckpoint.Config(
            streams: 1, hidden: hidden, heads: 2, keyValueHeads: 2, layers: 1, intermediate: 8, vocabulary: vocabulary, tied: false, maxPositions: Context,
            endOfText: [TinyTokenizer.EndOfText, end]);
        RandomCheckpoint.Write(plain, config, seed: 1, change: (name, values) =>
        {
            if (name is "model.embed_tokens.weight" or "lm_head.weight" || name.EndsWith("o_proj.weight", StringComparison.Ordinal)
                || name.EndsWith("down_proj.weight", StringComparison.Ordinal)) Array.Clear(values);
            if (name == "model.norm.weight") Array.Fill(values, 1);
            for (int token = 0; token < vocabulary; token++)
            {
                if (name == "model.embed_tokens.weight") values[token * hidden + token] = 1;
                if (name == "lm_head.weight") values[next.GetValueOrDefault(token, end) * hidden + token] = 1;
            }
        });
        File.WriteAllText(Path.Combine(plain, "tokenizer.json"), tokenizer.Root.ToJsonString());
        File.WriteAllText(Path.Combine(plain, "chat_template.jinja"), template);
        Model = LanguageModel.Load(plain);
        RandomCheckpoint.WriteAddOn(_folder.File("p2"), plain, new StreamConfig(2, 3, 0.1), seed: 2);
        Model.AddStreams(_folder.File("p2"));
    }

    public LanguageModel Model { get; }

    /// <summary>The folder of the model without streams.</summary>
    public string Folder => _folder.File("plain");

    public void Dispose()
    {
        Model.Dispose();
        _folder.Dispose();
    }
}
