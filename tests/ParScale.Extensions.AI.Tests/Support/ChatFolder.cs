[assembly: AssemblyFixture(typeof(ParScale.Extensions.AI.Tests.Support.ChatFolder))]

namespace ParScale.Extensions.AI.Tests.Support;

/// <summary>A random two-stream model of a few thousand weights, with a chat template of its own; built and loaded once for all tests.</summary>
public sealed class ChatFolder : IDisposable
{
    public const int Streams = 2;

    /// <summary>What the model's template writes around the turns of a conversation.</summary>
    public const string Template =
        "{% if tools %}<|tools|>{{ tools | tojson }}{% endif %}{% for m in messages %}<|{{ m.role }}|>"
        + "{% if m.tool_calls %}{{ m.tool_calls | tojson }}{% endif %}{% if m.tool_call_id %}{{ m.tool_call_id }}={% endif %}{{ m.content or '' }}<|end|>"
        + "{% endfor %}{% if loud %}LOUD{% endif %}{% if add_generation_prompt %}<|assistant|>{% endif %}";

    private readonly TempFolder _temporary = new();

    public ChatFolder()
    {
        var tokenizer = new TinyTokenizer();
        int end = 0;
        foreach (string token in (string[])["<|tools|>", "<|user|>", "<|system|>", "<|assistant|>", "<|tool|>", "<|end|>"]) end = tokenizer.Add(token, special: true);
        RandomCheckpoint.Write(Path, RandomCheckpoint.Config(
            streams: Streams, hidden: 16, heads: 2, keyValueHeads: 1, intermediate: 24, vocabulary: end + 1, prefix: 3, maxPositions: 512,
            endOfText: [TinyTokenizer.EndOfText]), seed: 3);
        _temporary.Write("tokenizer.json", tokenizer.Root.ToJsonString());
        _temporary.Write("chat_template.jinja", Template);
        Model = LanguageModel.Load(Path);
    }

    public string Path => _temporary.Path;

    public LanguageModel Model { get; }

    public void Dispose()
    {
        Model.Dispose();
        _temporary.Dispose();
    }
}
