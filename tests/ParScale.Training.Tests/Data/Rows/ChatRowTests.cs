using System.Text;
using ParScale.Training.Data.Rows;

namespace ParScale.Training.Tests.Data.Rows;

/// <summary>Rows as TRL, OpenAI, Mistral, axolotl and ms-swift write them. In the expected chats, what is learned stands in brackets.</summary>
public sealed class ChatRowTests
{
    private const string User = """{"role":"user","content":"q"}""";
    private const string Answer = """{"role":"assistant","content":"a"}""";

    [Theory]
    // Marks of a message: OpenAI's and Mistral's, axolotl's two, ms-swift's.
    [InlineData("""{"role":"assistant","content":"x","weight":0},{"role":"user","content":"q","weight":0},{"role":"assistant","content":"a","weight":1}""", "assistant:x user:q assistant:[a]")]
    [InlineData("""{"role":"assistant","content":"x","weight":0.0},{"role":"assistant","content":"a","weight":null}""", "assistant:x assistant:[a]")]
    [InlineData("""{"role":"user","content":"q","train":true},{"role":"assistant","content":"a","train":false}""", "user:[q] assistant:a")]
    [InlineData("""{"role":"assistant","content":"x","training":false},{"role":"assistant","content":"a","training":true}""", "assistant:x assistant:[a]")]
    [InlineData("""{"role":"assistant","content":"x","loss":false},{"role":"assistant","content":"a","loss":1}""", "assistant:x assistant:[a]")]
    // Content in parts.
    [InlineData("""{"role":"user","content":[{"type":"text","text":"q"},{"type":"text","text":"2","image_url":null}]},{"role":"assistant","content":[{"type":"text","text":"a"}]}""", "user:q2 assistant:[a]")]
    [InlineData("""{"role":"user","content":[]},{"role":"assistant","content":"a"}""", "user: assistant:[a]")]
    // Keys that say nothing, as unified columns have them.
    [InlineData("""{"role":"assistant","content":"a","tool_calls":null,"function_call":{"name":null,"arguments":null},"refusal":"","reasoning_content":null,"tool_call_id":"x","name":"n"}""", "assistant:[a]")]
    [InlineData("""{"role":"assistant","content":"a","tool_calls":[],"images":[],"id":7,"timestamp":"now"}""", "assistant:[a]")]
    public void Messages_are_learned_as_their_marks_say(string messages, string expected) => Assert.Equal(expected, Chat($$"""{"messages":[{{messages}}]}"""));

    [Theory]
    [InlineData("""{"prompt":[USER],"completion":[ANSWER]}""", "user:q assistant:[a]")]
    [InlineData("""{"prompt":[USER,{"role":"assistant","content":"x"},USER],"completion":[ANSWER],"messages":null}""", "user:q assistant:x user:q assistant:[a]")]
    [InlineData("""{"prompt":[],"completion":[ANSWER]}""", "assistant:[a]")]
    [InlineData("""{"prompt":[USER],"completion":[{"role":"assistant","content":"x","weight":0},ANSWER]}""", "user:q assistant:x assistant:[a]")]
    [InlineData("""{"system":"s","prompt":[USER],"completion":[ANSWER]}""", "system:s user:q assistant:[a]")]
    [InlineData("""{"system":"s","messages":[USER,ANSWER]}""", "system:s user:q assistant:[a]")]
    [InlineData("""{"system":"s","messages":[{"role":"system","content":"s"},ANSWER]}""", "system:s assistant:[a]")]
    [InlineData("""{"messages":[USER,ANSWER],"tools":[],"functions":null,"documents":"","chat_template_kwargs":{},"images":[null],"weight":1,"text":"t","source":"web"}""", "user:q assistant:[a]")]
    [InlineData("""{"messages":[USER,ANSWER],"tools":"[]"}""", "user:q assistant:[a]")]
    public void Rows_are_chats(string row, string expected) => Assert.Equal(expected, Chat(Filled(row)));

    [Theory]
    [InlineData("""{"messages":[USER,ANSWER],"tools":[{"type":"function"}]}""", "tools")]
    [InlineData("""{"messages":[USER,ANSWER],"tools":"[{\"name\":\"f\"}]"}""", "tools")]
    [InlineData("""{"prompt":[USER],"completion":[ANSWER],"tools":[{"type":"function"}]}""", "tools")]
    [InlineData("""{"messages":[USER,ANSWER],"functions":[{"name":"f"}]}""", "functions")]
    [InlineData("""{"messages":[USER,ANSWER],"documents":[{"title":"t"}]}""", "documents")]
    [InlineData("""{"messages":[USER,ANSWER],"chat_template_kwargs":{"enable_thinking":true}}""", "chat_template_kwargs")]
    [InlineData("""{"messages":[USER,ANSWER],"loss_mask":[0,1]}""", "loss_mask")]
    [InlineData("""{"messages":[USER,{"role":"assistant","content":"a","masked":true}]}""", "masked")]
    [InlineData("""{"messages":[USER,ANSWER],"weight":0.5}""", "weight")]
    [InlineData("""{"messages":[USER,ANSWER],"weight":0}""", "weight")]
    [InlineData("""{"messages":[USER,{"role":"assistant","content":"a","tool_calls":[{"id":"1"}]}]}""", "tool_calls")]
    [InlineData("""{"messages":[USER,{"role":"assistant","content":null,"tool_calls":[{"id":"1"}]}]}""", "tool_calls")]
    [InlineData("""{"messages":[USER,{"role":"assistant","content":"a","function_call":{"name":"f","arguments":"{}"}}]}""", "function_call")]
    [InlineData("""{"messages":[USER,{"role":"assistant","content":"a","reasoning_content":"hm"}]}""", "reasoning_content")]
    [InlineData("""{"messages":[USER,{"role":"assistant","content":"a","train_detail":[{"begin_offset":0,"end_offset":1,"train":false}]}]}""", "train_detail")]
    [InlineData("""{"messages":[USER,{"role":"assistant","content":"a","weight":0.5}]}""", "weight")]
    [InlineData("""{"messages":[USER,{"role":"assistant","content":"a","weight":"0"}]}""", "weight")]
    [InlineData("""{"messages":[USER,{"role":"assistant","content":"a","weight":Infinity}]}""", "weight")]
    [InlineData("""{"messages":[{"role":"user","content":"q","weight":1},ANSWER]}""", "weight")]
    [InlineData("""{"messages":[USER,{"role":"assistant","content":"a","weight":1,"train":false}]}""", "train")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]},ANSWER]}""", "image_url")]
    [InlineData("""{"messages":[{"role":"user","content":[{"text":"q"}]},ANSWER]}""", "type")]
    [InlineData("""{"prompt":[USER,ANSWER],"completion":[ANSWER]}""", "prompt")]
    [InlineData("""{"prompt":[{"role":"user","content":"q","train":true}],"completion":[ANSWER]}""", "prompt")]
    [InlineData("""{"prompt":[USER],"completion":[ANSWER,USER]}""", "completion")]
    [InlineData("""{"system":"s","messages":[{"role":"system","content":"t"},ANSWER]}""", "system")]
    [InlineData("""{"prompt":"q","completion":"a","system":"s"}""", "system")]
    [InlineData("""{"prompt":"q","completion":"a","history":[["q","a"]]}""", "history")]
    public void What_would_change_what_is_learned_is_refused_by_its_key(string row, string key)
    {
        var error = Assert.Throws<ParScaleException>(() => Parse(Filled(row), new FieldNames()));
        Assert.Equal("TD-18", error.Code);
        Assert.Contains($"\"{key}\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_input_of_an_instruction_belongs_to_the_question()
    {
        var alpaca = new FieldNames(Prompt: "instruction", Completion: "output");
        Assert.Equal(2, Parse("""{"instruction":"q","input":"","output":"a"}""", alpaca).Segments.Count);
        var error = Assert.Throws<ParScaleException>(() => Parse("""{"instruction":"add","input":"2 2","output":"4"}""", alpaca));
        Assert.Equal("TD-18", error.Code);
        Assert.Contains("\"input\"", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"messages":[USER,{"role":"assistant","content":"a","weight":0}]}""", "TD-10")]
    [InlineData("""{"prompt":[USER],"completion":[]}""", "TD-16")]
    [InlineData("""{"system":1,"messages":[USER,ANSWER]}""", "TD-03")]
    public void Nothing_to_learn_and_wrong_types_are_told_as_such(string row, string code) =>
        Assert.Equal(code, Assert.Throws<ParScaleException>(() => Parse(Filled(row), new FieldNames())).Code);

    private static string Filled(string row) => row.Replace("USER", User, StringComparison.Ordinal).Replace("ANSWER", Answer, StringComparison.Ordinal);

    private static Document Parse(string row, FieldNames fields) =>
        new JsonRow(fields, ChatRenderer.ChatMl).Parse(Encoding.UTF8.GetBytes(row), RowLocation.Line("x.jsonl", 1));

    /// <summary>The chat as "role:content role:content", without ChatML's marks; the mark behind a learned content must be learned too.</summary>
    private static string Chat(string row)
    {
        string marked = string.Concat(Parse(row, new FieldNames()).Segments.Select(segment => segment.Learned ? $"[{segment.Text}]" : segment.Text));
        return marked.Replace("<|im_end|>]", "]<|im_end|>", StringComparison.Ordinal).Replace("<|im_end|>\n", " ", StringComparison.Ordinal)
            .Replace("<|im_start|>", "", StringComparison.Ordinal).Replace('\n', ':').TrimEnd(' ');
    }
}
