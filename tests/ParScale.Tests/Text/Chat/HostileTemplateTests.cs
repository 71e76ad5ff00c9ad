using System.Diagnostics;
using ParScale.Text.Chat;

namespace ParScale.Tests.Text.Chat;

/// <summary>Templates that would run for ever, or take all memory or the stack, end soon and with one line.</summary>
public class HostileTemplateTests
{
    // A quarter of this on a quiet machine; without the budgets most of the templates would run for minutes.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private static readonly ChatMessage[] Hi = [new("user", "Hi"), new("assistant", "Hello"), new("user", new string('a', 20_000))];

    /// <summary>Template and the error that ends it.</summary>
    public static TheoryData<string, string> Templates => new()
    {
        { "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "CT-03" },
        { "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}", "CT-03" },
        { "{% for a in range(10**9) %}x{% endfor %}", "CT-03" },
        { "{{ range(99999) | map('string') | map('upper') | map('lower') | map('title') | map('trim') | list | sort | unique | list | length }}", "CT-03" },
        { "{% for i in range(99999) %}{% set x = range(99999) | list %}{% endfor %}", "CT-03" },
        { "{% for i in range(99999) %}{% if (messages[2].content ~ i) in (messages[2].content ~ 'b') %}{% endif %}{% endfor %}", "CT-03" },
        { "{% set ns = namespace(s='ab') %}{% for i in range(22) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s.find(ns.s[:2000000] ~ 'c' ~ ns.s[:2000000]) }}", "CT-03" },
        { "{% set ns = namespace(n=3) %}{% for i in range(99999) %}{% set ns.n = (ns.n * ns.n) % (10**2000 + 7) %}{% endfor %}", "CT-03" },
        { "{{ 'a' * 10**9 }}", "CT-04" },
        { "{{ 10**9 * ('a' * 10) }}", "CT-04" },
        { "{{ [1] * 10**9 }}", "CT-03" },
        { "{{ ([1] * 900000) * 3 }}", "CT-03" },
        { "{{ 'a' | center(10**9) }}", "CT-04" },
        { "{{ 'a'.ljust(10**9) }}", "CT-04" },
        { "{{ 'a' | indent(10**9, true) }}", "CT-04" },
        { "{{ '%1000000000d' % 1 }}", "CT-04" },
        { "{{ '{:1000000000}'.format(1) }}", "CT-04" },
        { "{{ '%.1000000f' % 1.5 }}", "CT-04" },
        { "{{ [1] | tojson(indent=10**9) }}", "CT-04" },
        { "{% set ns = namespace(s='aa') %}{% for i in range(99) %}{% set ns.s = ns.s | replace('a', 'aa') %}{% endfor %}", "CT-03" },
        { "{% set ns = namespace(s='aa') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "CT-04" },
        { "{% set ns = namespace(s=['aa']) %}{% for i in range(99) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}", "CT-04" },
        { "{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "CT-04" },
        { "{% set ns = namespace(s=[1]) %}{% for i in range(9999) %}{% set ns.s = [ns.s] %}{% endfor %}", "CT-05" },
        { "{% set ns = namespace(s={}) %}{% for i in range(9999) %}{% set ns.s = {'a': ns.s} %}{% endfor %}{{ ns.s == ns.s }}", "CT-05" },
        { "{{ 9 ** (9 ** 9) }}", "CT-04" },
        { "{% set ns = namespace(n=3) %}{% for i in range(99) %}{% set ns.n = ns.n * ns.n %}{% endfor %}", "CT-04" },
        { "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "CT-05" },
        { "{% macro m(n) %}{{ m(n + 1) }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}", "CT-05" },
        { "{% macro m(n) %}{% if n < 50 %}{{ m(n + 1) }}{{ m(n + 1) }}{% endif %}{% endmacro %}{{ m(0) }}", "CT-03" },
        { "{% for a in [[[]]] recursive %}{{ loop([a]) }}{% endfor %}", "CT-05" },
        { "{% macro m() %}{% if caller %}{% endif %}{% call m() %}{% endcall %}{% endmacro %}{{ m() }}", "CT-05" },
        { "{{ " + new string('(', 10_000) + "1" + new string(')', 10_000) + " }}", "CT-06" },
        { "{{ " + new string('[', 10_000) + new string(']', 10_000) + " }}", "CT-06" },
        { "{{ " + string.Concat(Enumerable.Repeat("not ", 10_000)) + "1 }}", "CT-06" },
        { "{{ " + string.Concat(Enumerable.Repeat("-", 10_000)) + "1 }}", "CT-06" },
        { "{{ 1" + string.Concat(Enumerable.Repeat(" + 1", 10_000)) + " }}", "CT-06" },
        { "{{ a" + string.Concat(Enumerable.Repeat(".a", 10_000)) + " }}", "CT-06" },
        { "{{ a" + string.Concat(Enumerable.Repeat("|upper", 10_000)) + " }}", "CT-06" },
        { "{{ 1" + string.Concat(Enumerable.Repeat(" if 1 else 1", 10_000)) + " }}", "CT-06" },
        { string.Concat(Enumerable.Repeat("{% if 1 %}", 10_000)), "CT-06" },
        { string.Concat(Enumerable.Repeat("{% for a in b %}", 10_000)), "CT-06" },
    };

    [Theory]
    [MemberData(nameof(Templates))]
    public void A_hostile_template_ends_soon(string template, string code)
    {
        // The best of some tries: other work of the machine is none of the template's.
        TimeSpan best = TimeSpan.MaxValue;
        for (int i = 0; i < 5 && best > Soon; i++)
        {
            long start = Stopwatch.GetTimestamp();
            var error = Assert.Throws<ParScaleException>(() => ChatTemplate.Parse(template).Write(Hi));
            TimeSpan took = Stopwatch.GetElapsedTime(start);
            if (took < best) best = took;
            Assert.Equal(code, error.Code);
            Assert.DoesNotContain('\n', error.Message);
        }
        Assert.True(best < Soon, $"took {best.TotalMilliseconds:0} ms");
    }

    [Fact]
    public void A_small_stack_is_enough()
    {
        string[] deep = [.. Templates.Where(row => row.Data.Item2 is "CT-05" or "CT-06").Select(row => row.Data.Item1), "{{ 0" + string.Concat(Enumerable.Repeat(" + 1", 900)) + " }}"];
        int ended = 0;
        var thread = new Thread(() =>
        {
            foreach (string template in deep)
            {
                try
                {
                    ChatTemplate.Parse(template).Write(Hi);
                }
                catch (ParScaleException)
                {
                }
                ended++;
            }
        }, maxStackSize: 256 << 10);
        thread.Start();
        thread.Join();
        Assert.Equal(deep.Length, ended);
    }

    [Fact]
    public void Time_ends_a_template_too()
    {
        var budget = ChatTemplateBudget.Default with { Steps = long.MaxValue, Time = TimeSpan.FromMilliseconds(20) };
        var error = Assert.Throws<ParScaleException>(() =>
            ChatTemplate.Parse("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}").Write(Hi, new ChatTemplateOptions { Budget = budget }));
        Assert.Equal("CT-19", error.Code);
        Assert.Contains("0.02 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_conversation_is_within_the_budget()
    {
        ChatMessage[] messages = [.. Enumerable.Range(0, 4000).Select(i => new ChatMessage(i % 2 == 0 ? "user" : "assistant", $"message {i} " + new string('x', 400)))];
        Assert.True(ChatTemplate.ChatMl.Write(messages).Text.Length > 1_600_000);
    }
}
