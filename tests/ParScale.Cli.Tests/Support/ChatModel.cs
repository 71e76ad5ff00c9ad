using ParScale.Configuration;
using ParScale.Text.Chat;

[assembly: AssemblyFixture(typeof(ParScale.Cli.Tests.Support.ChatModel))]

namespace ParScale.Cli.Tests.Support;

/// <summary>A random two-stream model with the tokens of ChatML and, in a second folder, a template; built once for all tests.</summary>
public sealed class ChatModel : IDisposable
{
    public const int Context = 512;

    private readonly TempFolder _temporary = new();

    public ChatModel()
    {
        Write(Base, template: false);
        Write(Chat, template: true);
    }

    /// <summary>Without a chat template.</summary>
    public string Base => _temporary.File("base");

    /// <summary>With one.</summary>
    public string Chat => _temporary.File("chat");

    public void Dispose() => _temporary.Dispose();

    /// <summary>Writes such a model of another width or context.</summary>
    public static void Write(string folder, bool template, int hidden = 16, int context = Context)
    {
        var tokenizer = new TinyTokenizer();
        tokenizer.Add("<|im_start|>", special: true);
        int end = tokenizer.Add("<|im_end|>", special: true);
        CheckpointConfig config = RandomCheckpoint.Config(
            streams: 2, hidden: hidden, heads: 2, keyValueHeads: 1, intermediate: 24, vocabulary: end + 1, prefix: 3, maxPositions: context,
            endOfText: [TinyTokenizer.EndOfText]);
        RandomCheckpoint.Write(folder, config, seed: 5);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), tokenizer.Root.ToJsonString());
        if (template) File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), ChatTemplate.ChatMl.Source);
    }
}
