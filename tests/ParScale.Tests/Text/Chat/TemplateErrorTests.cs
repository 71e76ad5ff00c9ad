using ParScale.Text.Chat;

namespace ParScale.Tests.Text.Chat;

/// <summary>Every error is one line that names the template, the line in it and what is wrong.</summary>
public class TemplateErrorTests
{
    private static readonly ChatMessage[] Hi = [new("user", "Hi"), new("user", "again")];

    [Theory]
    [InlineData("CT-01", "{% if x %}", "\"if\"")]
    [InlineData("CT-01", "{% endif %}", "endif")]
    [InlineData("CT-01", "{{ 1 +", "}}")]
    [InlineData("CT-01", "{{ 1 + }}", "expression")]
    [InlineData("CT-01", "{{ 'a }}", "string")]
    [InlineData("CT-01", "{# a", "comment")]
    [InlineData("CT-01", "{% raw %}a", "raw")]
    [InlineData("CT-01", "{{ (1] }}", "]")]
    [InlineData("CT-01", "{{ a ? b }}", "?")]
    [InlineData("CT-01", "{% do x %}", "do")]
    [InlineData("CT-01", "{% break %}", "break")]
    [InlineData("CT-01", "{% for i in [1] %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}", "break")]
    [InlineData("CT-01", "{% set true = 1 %}", "true")]
    [InlineData("CT-01", "{{ '\\x4' }}", "\\x")]
    [InlineData("CT-02", "{{ x | upcase }}", "\"upcase\"")]
    [InlineData("CT-02", "{{ x is upcase }}", "\"upcase\"")]
    [InlineData("CT-02", "{{ [1] | map('upcase') }}", "\"upcase\"")]
    [InlineData("CT-02", "{% if true %}{{ x | upcase }}{% endif %}", "\"upcase\"")]
    [InlineData("CT-08", "{% include 'a' %}", "include")]
    [InlineData("CT-08", "{% import '/etc/passwd' as a %}", "import")]
    [InlineData("CT-08", "{% from 'a' import b %}", "from")]
    [InlineData("CT-08", "{% extends 'a' %}", "extends")]
    [InlineData("CT-09", "{{ raise_exception('Roles must\nalternate: ' + messages[1].role) }}", "Roles must\\u000aalternate: user")]
    [InlineData("CT-15", "{{ x.y }}", "'x' is undefined")]
    [InlineData("CT-15", "{{ messages[0].a.b }}", "'dict object' has no attribute 'a'")]
    [InlineData("CT-15", "{{ 'a' + 1 }}", "str + one of type int")]
    [InlineData("CT-15", "{{ 1 / 0 }}", "zero")]
    [InlineData("CT-15", "{{ [1].append(2) }}", "append")]
    [InlineData("CT-15", "{{ {}.update(a=1) }}", "update")]
    [InlineData("CT-15", "{% for a in 5 %}{% endfor %}", "int")]
    [InlineData("CT-15", "{% set messages.x = 1 %}", "namespace")]
    public void The_line_tells_what_is_wrong(string code, string template, string word)
    {
        var error = Assert.Throws<ParScaleException>(() => ChatTemplate.Parse("\n\n" + template, "in/chat_template.jinja").Write(Hi));
        Assert.Equal((code, ErrorKind.BadInput), (error.Code, error.Kind));
        Assert.StartsWith("chat_template.jinja: line 3: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("{{ ''.__class__ }}")]
    [InlineData("{{ ''.GetType }}")]
    [InlineData("{{ messages.GetType }}")]
    [InlineData("{{ messages[0].Entries }}")]
    [InlineData("{{ ''['Length'] }}")]
    [InlineData("{{ messages.Assembly }}")]
    [InlineData("{{ range.Call }}")]
    [InlineData("{{ (1).ToString }}")]
    [InlineData("{{ ''|attr('GetType') }}")]
    [InlineData("{{ namespace(a=1).Fields }}")]
    [InlineData("{{ loop }}{{ self }}{{ caller }}")]
    [InlineData("{% macro m() %}{% endmacro %}{{ m.Call }}{{ m.__globals__ }}")]
    public void CT07_members_of_the_runtime_are_undefined(string template)
    {
        Assert.Equal("", ChatTemplate.Parse(template).Write(Hi).Text);
        Assert.Equal("CT-15", Assert.Throws<ParScaleException>(() => ChatTemplate.Parse(template.Replace(" }}", "() }}", StringComparison.Ordinal)).Write(Hi)).Code);
    }
}
