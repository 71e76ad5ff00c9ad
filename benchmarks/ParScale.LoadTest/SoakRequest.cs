using System.Text.Json;

namespace ParScale.LoadTest;

/// <summary>One request of the soak, unlike all others: its own prompt, P, seed and length.</summary>
public sealed class SoakRequest
{
    private static readonly int[] Streams = [1, 2, 4];
    private static readonly string[] Words = ["king", "crown", "night", "love", "sword", "my lord", "what", "the", "shall", "not", "thou", "speak"];

    private readonly Dictionary<string, object> _fields;

    public SoakRequest(int number)
    {
        var random = new Random(number);
        string prompt = $"{number} " + string.Join(' ', random.GetItems(Words, random.Next(1, 7)));
        bool isChat = number % 3 == 0;
        Path = isChat ? "/v1/chat/completions" : "/v1/completions";
        _fields = new()
        {
            ["streams"] = Streams[number / 3 % Streams.Length],
            ["temperature"] = 1,
            ["seed"] = number,
            ["max_tokens"] = random.Next(4, 40),
        };
        if (isChat) _fields["messages"] = new[] { new { role = "user", content = prompt } };
        else _fields["prompt"] = prompt;
    }

    public string Path { get; }

    /// <summary>Alone, whole, and without the memory of earlier requests: what every other answer must equal.</summary>
    public string Solo => JsonSerializer.Serialize(new Dictionary<string, object>(_fields) { ["cache_prompt"] = false });

    /// <summary>As the load sends it.</summary>
    public string Body(bool stream) => JsonSerializer.Serialize(new Dictionary<string, object>(_fields) { ["stream"] = stream });
}
