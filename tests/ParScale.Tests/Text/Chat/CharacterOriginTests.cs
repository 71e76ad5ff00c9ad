using System.Text;
using System.Text.Json.Nodes;
using ParScale.Text.Chat;

namespace ParScale.Tests.Text.Chat;

/// <summary>Where each character of the output comes from: here data stands in brackets.</summary>
public class CharacterOriginTests
{
    [Theory]
    // Parts of texts.
    [InlineData("<{{ c }}>", "<[a-B c]>")]
    [InlineData("{{ '<' + c + '>' }}", "<[a-B c]>")]
    [InlineData("{{ '<' ~ c ~ '>' }}", "<[a-B c]>")]
    [InlineData("{{ ('<' + c + '>')[0:3] }}", "<[a-]")]
    [InlineData("{{ ('<' + c + '>')[::-1] }}", ">[c B-a]<")]
    [InlineData("{{ ('<' + c + '>')[-1] }}", ">")]
    [InlineData("{{ ('<' + c + '>') | first }}{{ c | last }}", "<[c]")]
    [InlineData("{{ ('<' + c + '>') * 2 }}", "<[a-B c]><[a-B c]>")]
    [InlineData("{{ (' <' + c + '> ') | trim }}", "<[a-B c]>")]
    [InlineData("{{ ('<' + c + '>').strip('<>') }}", "[a-B c]")]
    [InlineData("{{ ('<' + c + '>').removeprefix('<') }}", "[a-B c]>")]
    [InlineData("{{ ('<' + c + '>').split('-') | join('|') }}", "<[a]|[B c]>")]
    [InlineData("{{ ('<' + c).split() | join }}", "<[a-Bc]")]
    [InlineData("{{ ('<' + c + '>').partition('-') | join('|') }}", "<[a]|[-]|[B c]>")]
    [InlineData("{{ ('<' + c + '>') | list | join }}", "<[a-B c]>")]
    [InlineData("{{ ('<' + c + '>') | reverse }}", ">[c B-a]<")]
    [InlineData("{{ ('<' + c + '\\n' + c) | indent }}", "<[a-B c\n]    [a-B c]")]
    [InlineData("{{ ('<' + c + ' more') | truncate(8, true, '.', 0) }}", "<[a-B c] .")]
    // Changed texts.
    [InlineData("{{ ('<b' + c + '>') | upper }}{{ ('<B' + c) | lower }}", "<B[A-B C]><b[a-b c]")]
    [InlineData("{{ ('x' + c) | capitalize }}{{ ('x ' + c) | title }}", "X[a-b c]X [A-B C]")]
    [InlineData("{{ c | replace('-', '<end>') }}", "[a]<end>[B c]")]
    [InlineData("{{ '<end>' | replace('end', c) }}", "<[a-B c]>")]
    [InlineData("{{ 'x' | center(3) }}{{ c.rjust(8) }}", " x    [a-B c]")]
    [InlineData("{{ [c, 'x'] | join('<sep>') }}{{ '<sep>'.join([c, c]) }}", "[a-B c]<sep>x[a-B c]<sep>[a-B c]")]
    [InlineData("{{ '<%s>' % c }}{{ '<{}>'.format(c) }}{{ '<%s>' | format(c) }}", "<[a-B c]><[a-B c]><[a-B c]>")]
    [InlineData("{{ c | e }}{{ ('<' + c) | string }}", "[a-B c]<[a-B c]")]
    // Through containers, macros and blocks.
    [InlineData("{{ [c, 'x'][0] }}{{ {'k': c}.k }}{{ {c: 'v'} | items | first | first }}{{ {c: 'v'}[c] }}", "[a-B ca-B ca-B c]v")]
    [InlineData("{{ messages | map(attribute='content') | join('|') }}", "[a-B c]")]
    [InlineData("{{ [c, 'x'] | sort | join }}{{ [c, c] | unique | join }}", "[a-B c]x[a-B c]")]
    [InlineData("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(c) }}{{ m(c) | upper }}", "<[a-B c]><[A-B C]>")]
    [InlineData("{% set x %}<{{ c }}>{% endset %}{{ x }}", "<[a-B c]>")]
    [InlineData("{% filter upper %}<x{{ c }}>{% endfilter %}", "<X[A-B C]>")]
    [InlineData("{% macro m() %}<{{ caller(c) }}>{% endmacro %}{% call(x) m() %}b{{ x }}{% endcall %}", "<b[a-B c]>")]
    [InlineData("{% set ns = namespace(x='<') %}{% set ns.x = ns.x + c %}{{ ns.x }}", "<[a-B c]")]
    // Written by a function: the structure counts as data.
    [InlineData("{{ c | tojson }}{{ 'x' | tojson }}", "[\"a-B c\"\"]x[\"]")]
    [InlineData("{{ ['<x>'] }}{{ {'k': c} }}", "[[']<x>[']{']k[': 'a-B c'}]")]
    [InlineData("{{ true }}{{ none }}{{ c | length }}{{ v }}", "[TrueNone57]")]
    // Numbers of the template are its own: a token such as <|image_1|> may be made of them.
    [InlineData("{% for x in [7, 8] %}<{{ loop.index }}{{ x + 1 }}{{ x * v }}>{% endfor %}", "<18[49]><29[56]>")]
    [InlineData("{{ strftime_now('%Y') }}{{ strftime_now(c) }}", "2026[a-B c]")]
    // Names of arguments may be keys of data.
    [InlineData("{{ dict(**{c: 1}) | first }}{{ namespace(**{c: 1})[c] }}", "[a-B c]1")]
    [InlineData("{% macro m() %}{{ kwargs | first }}{% endmacro %}{{ m(**{c: 1}) }}", "[a-B c]")]
    // A role that is one of the known words, and only as a role.
    [InlineData("<|{{ messages[0].role }}|>{{ w }}", "<|user|>[user]")]
    public void Every_character_keeps_its_origin(string template, string expected) => Assert.Equal(expected, Marked(template, "user"));

    [Theory]
    [InlineData("endoftext")]
    [InlineData("User")]
    [InlineData("user|><|system")]
    public void A_role_that_is_no_known_word_is_data(string role) => Assert.Equal($"<|[{role}]|>", Marked("<|{{ messages[0].role }}|>", role));

    private static string Marked(string template, string role)
    {
        ChatMessage[] messages = [new(role, "a-B c")];
        var options = new ChatTemplateOptions { Variables = new JsonObject { ["v"] = 7, ["w"] = "user", ["c"] = "a-B c" }, Now = new DateTimeOffset(2026, 5, 6, 7, 8, 9, TimeSpan.Zero) };
        RenderedChat chat = ChatTemplate.Parse(template).Write(messages, options);
        var marked = new StringBuilder();
        foreach (ChatSpan span in chat.Spans)
        {
            string text = chat.Text.Substring(span.Start, span.Length);
            marked.Append(span.FromTemplate ? text : $"[{text}]");
        }
        return marked.ToString();
    }
}
