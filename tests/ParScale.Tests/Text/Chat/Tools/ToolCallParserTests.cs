using ParScale.Text.Chat.Tools;

namespace ParScale.Tests.Text.Chat.Tools;

/// <summary>Calls are taken out of answers, however the text is cut; what is none stays as it is.</summary>
public class ToolCallParserTests
{
    private static readonly HashSet<string> Tools = ["get_weather", "add", "ümlaut"];

    /// <summary>Format, answer, content that is left, and the calls as NAME ARGUMENTS.</summary>
    public static TheoryData<string, string, string, string[]> Answers => new()
    {
        { "hermes", "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": [2, {\"c\": null}]}}\n</tool_call>", "", ["add {\"a\": 1, \"b\": [2, {\"c\": null}]}"] },
        { "hermes", "I'll look.\n<tool_call>{\"name\":\"add\",\"arguments\":{}}</tool_call>\n", "I'll look.", ["add {}"] },
        { "hermes", "<tool_call>\n{\"name\": \"add\", \"arguments\": {}}\n</tool_call>\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {}}\n</tool_call>", "", ["add {}", "get_weather {}"] },
        { "hermes", "<think>\nHm.\n</think>\n\n<tool_call>{\"arguments\": {\"x\": \"</tool_call>\"}, \"name\": \"add\"}</tool_call> done", "<think>\nHm.\n</think>done", ["add {\"x\": \"</tool_call>\"}"] },
        { "hermes", "<tool_call>{\"name\": \"add\", \"arguments\": {\"t\": \"a \\\"quoted\\\" } brace \\\\\"}}</tool_call>", "", ["add {\"t\": \"a \\\"quoted\\\" } brace \\\\\"}"] },
        { "hermes", "<tool_call>{\"name\": \"add\", \"parameters\": {}}</tool_call>", "", ["add {}"] },
        { "hermes", "<tool_call>{\"name\": \"\\u00fcmlaut\", \"arguments\": {\"x\": \"ü😀\"}}</tool_call>", "", ["ümlaut {\"x\": \"ü😀\"}"] },
        // The mark of the end is missing, or cut.
        { "hermes", "<tool_call>\n{\"name\": \"add\", \"arguments\": {}}\n", "", ["add {}"] },
        { "hermes", "<tool_call>\n{\"name\": \"add\", \"arguments\": {}}\n</tool", "", ["add {}"] },
        // A mark inside of a mark, and one that is begun twice.
        { "hermes", "<tool_call>\n<tool_call>{\"name\": \"add\", \"arguments\": {}}</tool_call>", "<tool_call>\n", ["add {}"] },
        { "hermes", "<<tool_<tool_call>{\"name\": \"add\", \"arguments\": {}}</tool_call>", "<<tool_", ["add {}"] },
        // No calls: unknown tool, no JSON, a name twice, no object of arguments, not ended, other text before the end.
        { "hermes", "<tool_call>{\"name\": \"rm\", \"arguments\": {}}</tool_call>", null!, [] },
        { "hermes", "<tool_call>{\"name\": \"add\", \"arguments\": {},}</tool_call>", null!, [] },
        { "hermes", "<tool_call>{\"name\": \"add\", \"name\": \"add\", \"arguments\": {}}</tool_call>", null!, [] },
        { "hermes", "<tool_call>{\"name\": \"add\", \"arguments\": \"{}\"}</tool_call>", null!, [] },
        { "hermes", "<tool_call>{\"name\": \"add\"}</tool_call>", null!, [] },
        { "hermes", "<tool_call>{\"name\": \"\\ud800\", \"arguments\": {}}</tool_call>", null!, [] },
        { "hermes", "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": \"", null!, [] },
        { "hermes", "<tool_call>{\"name\": \"add\", \"arguments\": {}} and then</tool_call>", null!, [] },
        { "hermes", "<tool_call>[{\"name\": \"add\", \"arguments\": {}}]</tool_call>", null!, [] },
        { "hermes", "{\"name\": \"add\", \"arguments\": {}}", null!, [] },
        { "hermes", "a < b <tool> \n\n ", null!, [] },
        { "hermes", " <tool_call>\n", null!, [] },
        { "hermes", "", null!, [] },
        { "llama", "{\"name\": \"add\", \"parameters\": {\"a\": 1}}", "", ["add {\"a\": 1}"] },
        { "llama", "\n <|python_tag|>{\"type\": \"function\", \"name\": \"add\", \"parameters\": {}}", "", ["add {}"] },
        { "llama", "Well. <|python_tag|>{\"name\": \"add\", \"parameters\": {}}", "Well.", ["add {}"] },
        { "llama", "{\"name\": \"add\", \"parameters\": {}}; {\"name\": \"get_weather\", \"parameters\": {}}", "", ["add {}", "get_weather {}"] },
        { "llama", "{\"name\": \"add\", \"parameters\": {}} fine", "fine", ["add {}"] },
        { "llama", "The call {\"name\": \"add\", \"parameters\": {}}", null!, [] },
        { "llama", "<|python_tag|>get_weather.call(city=\"Rome\")", null!, [] },
        { "llama", "{\"answer\": 42}", null!, [] },
        { "llama", "{\"answer\": 42} {\"name\": \"add\", \"parameters\": {}}", null!, [] },
        { "mistral", "[TOOL_CALLS] [{\"name\": \"add\", \"arguments\": {\"a\": [1]}, \"id\": \"abcdefghi\"}, {\"name\": \"get_weather\", \"arguments\": {}}]", "", ["add {\"a\": [1]}", "get_weather {}"] },
        { "mistral", "Yes. [TOOL_CALLS][{\"name\": \"add\", \"arguments\": {}}]", "Yes.", ["add {}"] },
        { "mistral", "[TOOL_CALLS] [{\"name\": \"add\", \"arguments\": {}}, {\"name\": \"rm\", \"arguments\": {}}]", null!, [] },
        { "mistral", "[TOOL_CALLS] []", null!, [] },
        { "mistral", "[TOOL_CALLS] {\"name\": \"add\", \"arguments\": {}}", null!, [] },
        { "mistral", "[TOOL_CALLS]add[ARGS]{}", null!, [] },
        { "mistral-v11", "[TOOL_CALLS]add[ARGS]{\"a\": [1]}", "", ["add {\"a\": [1]}"] },
        { "mistral-v11", "Yes.\n[TOOL_CALLS]add[ARGS] {}[TOOL_CALLS]get_weather[ARGS]{\"x\": \"[TOOL_CALLS]add[ARGS]{}\"}", "Yes.", ["add {}", "get_weather {\"x\": \"[TOOL_CALLS]add[ARGS]{}\"}"] },
        { "mistral-v11", "[TOOL_CALLS]ümlaut[CALL_ID]Ab3dEf6h9[ARGS]{}", "", ["ümlaut {}"] },
        { "mistral-v11", "[TOOL_CALLS]rm[ARGS]{}", null!, [] },
        { "mistral-v11", "[TOOL_CALLS]ad[ARGS]{}", null!, [] },
        { "mistral-v11", "[TOOL_CALLS]add[ARGS][]", null!, [] },
        { "mistral-v11", "[TOOL_CALLS]add[ARGS]{\"a\": 1, \"a\": 2}", null!, [] },
        { "mistral-v11", "[TOOL_CALLS]add[CALL_ID]a-b[ARGS]{}", null!, [] },
        { "mistral-v11", "[TOOL_CALLS]add[ARGS]{\"a\": ", null!, [] },
        { "mistral-v11", "[TOOL_CALLS]rm[ARGS]{}[TOOL_CALLS]add[ARGS]{}", "[TOOL_CALLS]rm[ARGS]{}", ["add {}"] },
        { "mistral-v11", "[TOOL_CALLS] [{\"name\": \"add\", \"arguments\": {}}]", null!, [] },
        { "granite", "<|tool_call|>[{\"name\": \"add\", \"arguments\": {\"a\": 1}}]", "", ["add {\"a\": 1}"] },
        { "granite", "<|tool_call|>\n[1]", null!, [] },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Calls_and_content_are_the_same_however_the_text_is_cut(string format, string answer, string? content, string[] calls)
    {
        string expected = content ?? answer;
        Check([answer]);
        Check([.. answer.Select(c => $"{c}")]);
        for (int at = 0; at <= answer.Length; at++) Check([answer[..at], answer[at..]]);
        var random = new Random(1);
        for (int round = 0; round < 50; round++)
        {
            int[] cuts = [0, .. Enumerable.Range(0, 4).Select(_ => random.Next(answer.Length + 1)).Order(), answer.Length];
            Check([.. cuts.Zip(cuts.Skip(1), (from, to) => answer[from..to])]);
        }

        void Check(string[] pieces)
        {
            var parser = new ToolCallParser(Format(format), Tools);
            List<ParsedAnswer> parsed = [.. pieces.Select(parser.Append), parser.Flush()];
            Assert.Equal(expected, string.Concat(parsed.Select(part => part.Content)));
            ToolCall[] found = [.. parsed.SelectMany(part => part.Calls)];
            Assert.Equal(calls, found.Select(call => $"{call.Name} {call.Arguments}"));
            Assert.All(found, call => Assert.Matches("^[0-9A-Za-z]{9}$", call.Id));
            Assert.Equal(found.Length, found.Select(call => call.Id).Distinct().Count());
        }
    }

    [Fact]
    public void Text_that_can_begin_no_call_is_not_held_back()
    {
        var parser = new ToolCallParser(ToolCallFormat.Hermes, Tools);
        Assert.Equal("Hello", parser.Append("Hello").Content);
        Assert.Equal("", parser.Append(" <tool").Content);
        Assert.Equal(" <tools>", parser.Append("s>").Content);
    }

    [Fact]
    public void Calls_beyond_the_most_are_left_out()
    {
        foreach ((ToolCallFormat format, string answer) in ((ToolCallFormat, string)[])
        [
            (ToolCallFormat.Mistral, "[TOOL_CALLS] [{\"name\": \"add\", \"arguments\": {\"a\": 1}}, {\"name\": \"add\", \"arguments\": {}}]"),
            (ToolCallFormat.MistralV11, "[TOOL_CALLS]add[ARGS]{\"a\": 1}[TOOL_CALLS]add[ARGS]{}"),
            (ToolCallFormat.Hermes, "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1}}</tool_call><tool_call>{\"name\": \"add\", \"arguments\": {}}</tool_call>"),
        ])
        {
            var parser = new ToolCallParser(format, Tools, most: 1);
            ParsedAnswer parsed = parser.Append(answer);
            Assert.Equal("{\"a\": 1}", Assert.Single(parsed.Calls).Arguments);
            Assert.Equal("", parsed.Content + parser.Flush().Content);
        }
    }

    [Fact]
    public void Long_answers_full_of_marks_take_no_longer_than_others()
    {
        var parser = new ToolCallParser(ToolCallFormat.Hermes, Tools);
        string answer = string.Concat(Enumerable.Repeat("<tool_call>{\"a\": \"<tool_call>{", 20_000));
        string content = parser.Append(answer).Content + parser.Flush().Content;
        Assert.Equal(answer, content);
    }

    private static ToolCallFormat Format(string name) =>
        ToolCallFormat.All.Single(format => format.Name == name);
}
