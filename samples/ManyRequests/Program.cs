using System.Numerics.Tensors;
using ParScale;
using ParScale.Generation;

using LanguageModel model = LanguageModel.Load();   // a folder in Hugging Face layout, or nothing: the embedded model

// Requests that run at the same time share every pass over the weights, whatever their P.
string[] prompts = ["ROMEO:", "JULIET:", "First Citizen:"];
string[] texts = await Task.WhenAll(prompts.Select(Answer));
for (int i = 0; i < prompts.Length; i++) Console.WriteLine($"{prompts[i]}{texts[i]}\n");

// A session keeps the keys and values: read a text once, then continue it in several ways.
using Session text = model.CreateSession(capacity: 100);
text.Append(model.Tokenizer.Encode("JULIET:\nO Romeo, "));
foreach (string word in (string[])["wherefore", "banished", "come"])
{
    using Session fork = text.Fork();
    int[] ids = model.Tokenizer.Encode(word);
    int next = TensorPrimitives.IndexOfMax(fork.Append(ids));
    for (int i = 0; i < 10; i++)
    {
        ids = [.. ids, next];
        next = TensorPrimitives.IndexOfMax(fork.Append([next]));
    }
    Console.WriteLine($"O Romeo, {model.Tokenizer.Decode(ids)}");
}

async Task<string> Answer(string prompt)
{
    var options = new GenerationOptions { Streams = model.Streams.Name, MaxNewTokens = 60, Sampling = new() { Seed = 1 } };
    string answer = "";
    await foreach (GeneratedPiece piece in model.GenerateAsync(prompt, options)) answer += piece.Text;
    return answer;
}
