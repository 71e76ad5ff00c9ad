using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Json.Schema;
using ParScale.Generation.Constraints;

namespace ParScale.Tests.Generation.Constraints;

public class JsonSchemaTests
{
    private const string Person = """
        {"type": "object", "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 5}, "age": {"type": "integer", "minimum": 0, "maximum": 130},
         "tags": {"type": "array", "items": {"enum": ["a", "b\n", 3, null]}, "maxItems": 3}}, "required": ["name", "age"], "additionalProperties": false}
        """;

    private const string Tree = """
        {"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "properties": {"value": {"type": "number"}, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}, "maxItems": 2}},
         "required": ["value"]}}}
        """;

    private static readonly EvaluationOptions WithFormats = new() { RequireFormatValidation = true };

    public static TheoryData<string> Schemas =>
    [
        Person, Tree, "{}", "true", """{"type": "object"}""", """{"type": "string"}""", """{"type": "number"}""", """{"type": "integer"}""",
        """{"type": ["string", "null"], "maxLength": 3}""", """{"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 4}""",
        """{"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false}""", """{"type": "array", "items": false}""",
        """{"type": "object", "additionalProperties": {"type": "integer"}}""", """{"type": "object", "additionalProperties": false}""",
        """{"properties": {"a": {"const": {"x": [1, "ü"]}}, "b": false}, "required": ["a", "c"]}""", """{"type": "object", "required": ["x", "y"]}""",
        """{"enum": [1, "two", null, [3], {"four": 4}], "type": ["integer", "array"]}""",
        """{"anyOf": [{"type": "string", "maxLength": 2}, {"type": "object", "properties": {"n": {"type": "number", "minimum": 0}}, "required": ["n"]}]}""",
        """{"oneOf": [{"type": "object", "properties": {"kind": {"const": "a"}, "v": {"type": "string"}}, "required": ["kind"]}, {"type": "object", "properties": {"kind": {"enum": ["b"]}}, "required": ["kind"]}]}""",
        """{"allOf": [{"type": "string", "minLength": 4, "maxLength": 6}]}""", """{"type": "integer", "minimum": -7, "exclusiveMaximum": 12}""",
        """{"type": "integer", "exclusiveMinimum": 99.5}""", """{"type": "integer", "maximum": -3}""", """{"type": "number", "minimum": 0}""",
        """{"type": "string", "pattern": "^[a-z]{2,4}(?:-\\d+)?$"}""", """{"type": "string", "pattern": "b+c"}""", """{"type": "string", "pattern": "^\\\\\"[a-w]$"}""",
        """{"type": "string", "pattern": "^(?:äß|☃|😀)*$"}""", """{"type": "string", "format": "date"}""", """{"type": "string", "format": "time"}""",
        """{"type": "string", "format": "date-time"}""", """{"type": "string", "format": "duration"}""", """{"type": "string", "format": "email"}""",
        """{"type": "string", "format": "hostname"}""", """{"type": "string", "format": "ipv4"}""", """{"type": "string", "format": "ipv6"}""",
        """{"type": "string", "format": "uuid"}""", """{"type": "string", "format": "uri"}""", """{"properties": {"a \" b": {"type": "null"}}, "required": ["a \" b"]}""",
        """{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "t", "description": "d", "type": "object", "properties": {"self": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}}""",
    ];

    [Theory]
    [MemberData(nameof(Schemas))]
    public void Every_text_of_the_grammar_is_valid(string schema)
    {
        GrammarAutomaton automaton = GrammarText.Of(schema);
        var oracle = JsonSchema.FromText(schema);
        var random = new Random(5);
        int drawn = 0;
        for (int i = 0; i < 200; i++)
        {
            if (GrammarText.Draw(automaton, random) is not { } text) continue;
            drawn++;
            using var value = JsonDocument.Parse(text);
            Assert.True(oracle.Evaluate(value.RootElement, WithFormats).IsValid, text);
            Assert.True(GrammarText.Accepts(automaton, text), text);
        }
        // A string of any length may not end in time.
        Assert.InRange(drawn, schema.Contains("b+c", StringComparison.Ordinal) ? 2 : 100, 200);
    }

    [Theory]
    [InlineData(Person, """{"name":"Ada","age":36}""", true)]
    [InlineData(Person, "{ \"name\": \"A\\u0064a\",\n  \"age\" : 130, \"tags\": [ \"a\", null ]\n}", true)]
    [InlineData(Person, """{"name":"","age":36}""", false)]
    [InlineData(Person, """{"name":"äöü😀x","age":0}""", true)]
    [InlineData(Person, """{"name":"äöü😀xy","age":0}""", false)]
    [InlineData(Person, """{"name":"A","age":131}""", false)]
    [InlineData(Person, """{"name":"A","age":036}""", false)]
    [InlineData(Person, """{"name":"A","age":1,"tags":["a","a","a","a"]}""", false)]
    [InlineData(Person, """{"name":"A","age":1,"tags":["c"]}""", false)]
    [InlineData(Person, """{"name":"A"}""", false)]
    [InlineData(Person, """{"name":"A","age":1,}""", false)]
    [InlineData(Person, """{"name":"A","age":1}x""", false)]
    [InlineData(Tree, """{"value":1.5e3,"children":[{"value":-0},{"value":2,"children":[]}]}""", true)]
    [InlineData(Tree, """{"value":1,"children":[{"children":[]}]}""", false)]
    [InlineData("{}", """[{"a":[true,false,null,"\ud83d\ude00"]},{},[]]""", true)]
    [InlineData("{}", """["\ud83d"]""", false)]
    [InlineData("{}", "[01]", false)]
    [InlineData("{}", "[\"\t\"]", false)]
    public void Texts_are_accepted_or_not(string schema, string text, bool accepted) =>
        Assert.Equal(accepted, GrammarText.Accepts(GrammarText.Of(schema), text));

    [Fact]
    public void Integers_between_bounds_and_no_others()
    {
        var random = new Random(1);
        for (int round = 0; round < 60; round++)
        {
            int size = (int)Math.Pow(10, random.Next(1, 6)), low = random.Next(-size, size), high = low + random.Next(0, size);
            GrammarAutomaton automaton = GrammarText.Of(string.Create(CultureInfo.InvariantCulture, $$"""{"type":"integer","minimum":{{low}},"maximum":{{high}}}"""));
            for (int i = 0; i < 200; i++)
            {
                int value = i < 8 ? new[] { low, high, low - 1, high + 1, 0, -1, 1, low / 2 + high / 2 }[i] : random.Next(-2 * size, 2 * size);
                Assert.True((value >= low && value <= high) == GrammarText.Accepts(automaton, $"{value}"), $"{value} in {low} to {high}");
            }
        }
    }

    [Theory]
    [InlineData("^[a-z]{2,4}(?:-\\d+)?$")]
    [InlineData("^(?:ab|a)*?c.$")]
    [InlineData("b+c")]
    [InlineData("^x|y$", false)]
    [InlineData("^(x|yz){1,3}$")]
    [InlineData("a\\.[^\\da-c]\\w$")]
    [InlineData("^\\s\\S\\W\\D$")]
    [InlineData("^[\\u0061-\\x63^-]+$")]
    public void Patterns_match_what_a_regular_expression_matches(string pattern, bool understood = true)
    {
        string schema = $$"""{"type":"string","pattern":{{JsonSerializer.Serialize(pattern)}}}""";
        if (!understood)
        {
            Assert.Equal("JS-02", Assert.Throws<ParScaleException>(() => GrammarText.Of(schema)).Code);
            return;
        }
        GrammarAutomaton automaton = GrammarText.Of(schema);
        var regex = new Regex(pattern, RegexOptions.ECMAScript);
        var random = new Random(3);
        int matches = 0;
        for (int i = 0; i < 3000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(7)).Select(_ => "abcxyz.-_ 01^B"[random.Next(14)]));
            bool expected = regex.IsMatch(text);
            matches += expected ? 1 : 0;
            Assert.True(expected == GrammarText.Accepts(automaton, $"\"{text}\""), text);
        }
        Assert.InRange(matches, 1, 2999);
    }

    [Theory]
    [InlineData("[]", "JS-01", "schema must be an object")]
    [InlineData("""{"type": "text"}""", "JS-01", "schema.type")]
    [InlineData("""{"properties": {"a": {"type": "number", "multipleOf": 0.5}}}""", "JS-02", "schema.properties.a.multipleOf")]
    [InlineData("""{"type": "object", "patternProperties": {}}""", "JS-02", "schema.patternProperties")]
    [InlineData("""{"not": {}}""", "JS-02", "schema.not")]
    [InlineData("""{"type": "array", "uniqueItems": true}""", "JS-02", "uniqueItems")]
    [InlineData("""{"type": "number", "maximum": 5}""", "JS-02", "schema.maximum")]
    [InlineData("""{"type": "string", "format": "emoji"}""", "JS-02", "emoji")]
    [InlineData("""{"type": "string", "pattern": "(a)\\1"}""", "JS-02", "schema.pattern")]
    [InlineData("""{"type": "string", "pattern": "(?=a)"}""", "JS-02", "schema.pattern")]
    [InlineData("""{"type": "string", "pattern": "(a*)*"}""", "JS-02", "schema.pattern")]
    [InlineData("""{"type": "string", "pattern": "[z-a]"}""", "JS-02", "schema.pattern")]
    [InlineData("""{"type": "string", "pattern": "("}""", "JS-02", "schema.pattern")]
    [InlineData("""{"type": "string", "minLength": 3, "maxLength": 2}""", "JS-02", "schema.maxLength")]
    [InlineData("""{"type": "integer", "minimum": 3, "maximum": 2}""", "JS-02", "schema allows no integer")]
    [InlineData("""{"$ref": "https://example.org/a"}""", "JS-02", "outside")]
    [InlineData("""{"$ref": "#/$defs/x"}""", "JS-01", "points nowhere")]
    [InlineData("""{"$ref": "#"}""", "JS-02", "refers to itself")]
    [InlineData("""{"oneOf": [{"type": "number"}, {"type": "integer"}]}""", "JS-02", "schema.oneOf")]
    [InlineData("""{"enum": []}""", "JS-02", "allows no value")]
    [InlineData("""{"anyOf": 3}""", "JS-01", "schema.anyOf")]
    [InlineData("""{"minLength": 1, "minItems": 2}""", "JS-02", "several types")]
    [InlineData("""{"type": "string", "minLength": -1}""", "JS-01", "schema.minLength")]
    public void What_cannot_be_enforced_is_refused(string schema, string code, string named)
    {
        ParScaleException refused = Assert.Throws<ParScaleException>(() => OutputConstraint.JsonSchema(JsonDocument.Parse(schema).RootElement));
        Assert.Equal(code, refused.Code);
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_schema_nested_too_deeply_is_refused()
    {
        string schema = string.Concat(Enumerable.Repeat("{\"items\":", 100)) + "{}" + new string('}', 100);
        JsonElement root = JsonDocument.Parse(schema, new JsonDocumentOptions { MaxDepth = 512 }).RootElement;
        Assert.Equal("JS-01", Assert.Throws<ParScaleException>(() => OutputConstraint.JsonSchema(root)).Code);
    }

    [Fact]
    public void Too_many_states_are_refused()
    {
        GrammarAutomaton automaton = GrammarText.Of("""{"type":"string","minLength":100000}""");
        Assert.Equal("JS-03", Assert.Throws<ParScaleException>(() => GrammarText.Accepts(automaton, '"' + new string('x', 50_000))).Code);
    }
}
