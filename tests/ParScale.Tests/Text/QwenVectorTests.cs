using System.Text;
using System.Text.Json;
using ParScale.Text;

namespace ParScale.Tests.Text;

/// <summary>The real vocabulary with its public vectors, where the machine has them.</summary>
public class QwenVectorTests
{
    [Fact]
    public void Public_vectors_pass()
    {
        if (SharedFolder.Find("tokenizers", "qwen2") is not { } folder)
        {
            Assert.Skip("the Qwen2 vocabulary is not on this machine");
            return;
        }
        Tokenizer qwen = Tokenizer.Load(folder);
        using JsonDocument vectors = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "vectors.json")));
        foreach (JsonElement vector in vectors.RootElement.EnumerateArray())
        {
            string text = vector.GetProperty("text").GetString() ?? "";
            int[] ids = [.. vector.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(ids, qwen.Encode(text));
            Assert.Equal(text.Normalize(NormalizationForm.FormC), qwen.Decode(ids));
        }
        Assert.Empty(qwen.SelfTest());
        Assert.Equal(151_646, qwen.VocabularySize);
    }
}
