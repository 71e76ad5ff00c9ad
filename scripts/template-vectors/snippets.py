"""Small templates, one construct each: what expressions, filters, tests, statements and whitespace control give, and what fails."""

CONTEXT = {
    "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello, <you>!"}, {"role": "tool", "content": None}],
    "tools": None,
    "variables": {
        "text": "  The quick\n brown fox\t",
        "tag": "<b class=\"x\">Tom & 'Jerry'</b>",
        "words": ["pear", "Apple", "fig", "apple", "Pear"],
        "numbers": [3, 1, 2.5, -4, 0],
        "mixed": [1, "1", 1.0, True, None, "", [], {}],
        "odd": "tab\t quote' \"double\" back\\ \u00a0\u200b\u2028\u0001 é 漢 🙂\x7f",
        "person": {"name": "Ada", "items": [1, 2], "keys": "k", "age": 36, "tags": {"x": 1}, "get": "got"},
        "rows": [
            {"id": 2, "name": "b", "team": {"name": "red"}, "on": True},
            {"id": 1, "name": "A", "team": {"name": "blue"}},
            {"id": 3, "name": "c", "team": {"name": "red"}, "on": False},
        ],
        "zero": 0, "empty": "", "nothing": None, "yes": True, "pi": 3.14159, "big": 12345678901234, "half": 0.5,
    },
}

EXPRESSIONS = r"""
1|-1|+1|1_000|0x1F|0b101|0o17|1.0|1.50|1e3|1E-7|1.5e-7|1e16|1e15|123456789012345678.0|0.1 + 0.2|1/3|2/3*3|-0.0|1e22|1.0e100|5e-324
4/2|7/2|7//2|-7//2|7//-2|-7 % 3|7 % -3|7.5 % 2|7.5 // 2|2**10|2**-1|2**0.5|-2**2|10**15|1 + 2 * 3|(1 + 2) * 3|2 * -3|7 - 2 - 1|2 ** 3 ** 2|1 - -1
1 + true|true + true|1.0 + 1|3 * 1.0|'a' * 3|3 * 'ab'|'a' * 0|'a' * -1|[1] * 2|[1] + [2]|(1,) + (2,)|'a' + 'b'|'a' 'b' "c"|1 ~ 2 ~ 'x' ~ none ~ true ~ 1.0 ~ [1, 'a']
1/0|1//0|1 % 0|'a' + 1|1 + 'a'|'a' - 'b'|[1] + 'a'|none + 1|'a' < 1|none < 1|[1] < [2]|[1, 2] < [1, 3]|'abc' < 'abd'|'Z' < 'a'|(1, 2) == (1, 2)|[1] == (1,)|{'a': 1} == {'a': 1.0}
1 == 1.0|1 == true|0 == false|'1' == 1|none == none|none == false|1 != 2|1 < 2 < 3|1 < 3 < 2|1 == 1 == 1|3 > 2 > 1|1 < 2 == true|not 1 == 2|not (1 == 2)|not not 1|1 is not none
true and false|1 and 2|0 and 2|0 or 'x'|'' or none|none or []|1 or missing.x|not ''|not 'a'|true and not false or false|1 if true else 2|1 if false|1 if false else 2|'a' if none else 'b' if 0 else 'c'|(1 if true) ~ 'x'
True|False|None|true|false|none|nothing|yes|zero|empty|missing|missing.x|nothing.x|nothing.x.y|missing.x.y|missing()|missing[0]|text.nope|text.nope()|'x'[5]|[1][3]|[1][-1]|person.nope|person['nope']
[]|[1]|[1, 'a', none, true, 2.0]|()|(1,)|(1, 2)|1, 2|{}|{'a': 1}|{'a': {'b': [1, (2,)]}}|{1: 'x', none: 'y', true: 'z'}|{'a': 1,}|[1,]|[[], {}, ()]|{'a': 1, 'a': 2}|{(1, 2): 3}
['it\'s']|['say "x"']|['both \' and "']|['new\nline\ttab\\']|['é 漢 🙂 \u00a0 \u200b \u2028 \x00 \x1b \x7f \ud7ff']|[odd]|{odd: odd}|odd|mixed|rows|messages|person|numbers
'\x41\u00e9\101\0'|'\q\d'|'a\
b'|"\"'"|'\'"'|'\\n'|'\a\b\f\v' | list|'\U0001F642'|"a\tb\r\nc"|'{{ }}'|"{% x %}"|'#}'|'é漢🙂'
text[0]|text[-1]|text[2:5]|text[:-1]|text[::2]|text[::-1]|text[5:2]|text[100:]|'abc'[1:][0]|'🙂é漢'[0]|'🙂é漢'[1:]|'🙂é漢'[::-1]|'🙂' | length|words[1:3]|words[-2:]|words[::-2]|words[10:]|words[:]|(1, 2, 3)[1:]|words[-1][0]|numbers[1]|words[0:4:2]|'abcdef'[4:1:-1]|'abcdef'[-3:-1]|range(10)[2:8:3]|text['x']|words['x']|words[1.5]|'abc'[none:2]
person.name|person['name']|person.items|person['items']|person.keys is callable|person['keys']|person.get('name')|person.get('nope')|person.get('nope', 'd')|person.tags.x|person.tags.items() | list|person.values() | list | length|person.items is defined|person.name.upper()|person | length|person.age + 1|person.pop is defined
'a' in 'abc'|'' in 'abc'|'d' not in 'abc'|1 in [1, 2]|1.0 in [1]|'1' in [1]|'name' in person|'Ada' in person|none in [none]|1 in (1, 2)|'x' in person.tags|1 in 'abc'|none in 'abc'|missing in 'abc'|'a' in missing|'a' in none|1 in 5|not 1 in [2]|(1, 2) in [(1, 2)]
range(3)|range(3) | list|range(1, 4) | list|range(5, 0, -2) | list|range(0) | list|range(3, 1) | list|range(3) | length|range(1, 3) | join('-')|range(3)[1]|2 in range(3)|range(100001) | length|range()|range('a')|range(1.5)|range(5) | last|range(3) == range(3)
dict(a=1, b='x')|dict()|dict(person.tags, y=2)|dict([('a', 1), ['b', 2]])|dict(a=1).a|dict(**{'k': 1})|namespace(a=1).a|namespace().x|namespace({'a': 1}).a|namespace(a=1)['a']|joiner()|cycler(1, 2).next()|messages[0].role|messages[-1].content|messages.0.role|(messages | first)['role']
"""

STRINGS = r"""
text.strip()|text.lstrip()|text.rstrip()|'xxaxx'.strip('x')|'abcba'.strip('ab')|'abc'.rstrip('')|'<x>'.lstrip('<').rstrip('>')|'\u00a0\u3000a\u2028'.strip()|'\u200ba'.strip()|'\x1ca\x1f'.strip()|'\x85a'.strip() | length
'a,b,,c'.split(',')|'a,b,c'.split(',', 1)|' a  b '.split()|'a b c'.split(none, 1)|' a  b  c '.split(maxsplit=1)|''.split()|''.split(',')|'abc'.split('')|'a--b'.split('--')|'a\u00a0b\u2003c'.split()|'a,b,c'.rsplit(',', 1)|' a b c '.rsplit(none, 1)|'a\nb\r\nc\rd\u2028e\x0bf\x85g'.splitlines()|'a\n\nb\n'.splitlines()|'a\nb'.splitlines(true)|'abc'.partition('b')|'abc'.partition('x')|'abcb'.rpartition('b')|'abc'.rpartition('x')
'abc'.startswith('a')|'abc'.startswith(('x', 'ab'))|'abc'.startswith('b', 1)|'abc'.endswith('c')|'abc'.endswith(('x', 'bc'))|'abc'.startswith('')|'abc'.endswith('abcd')|'abc'.startswith(['a'])|'abc'.startswith(1)
'abcabc'.find('c')|'abc'.find('x')|'abcabc'.rfind('c')|'abcabc'.find('c', 3)|'abc'.index('c')|'abc'.index('x')|'abcabc'.rindex('b')|'abcabc'.count('bc')|'aaaa'.count('aa')|'abc'.count('')|'🙂a'.find('a')|[1, 2, 1].count(1)|['a', 'b'].index('b')|['a'].index('b')|(1, 2).index(2)
'a-b-a'.replace('a', 'x')|'a-b-a'.replace('a', 'x', 1)|'abc'.replace('', '.')|'abc'.replace('b', '')|'aaa'.replace('aa', 'b')|'abc'.replace('x', 'y')|'abc' | replace('b', 'x')|'aaa' | replace('a', 'x', 2)|1212 | replace(2, 'x')
'hello World'.upper()|'HELLO'.lower()|'hello wORLD-foo o\'neil 3x'.title()|'hELLO wORLD'.capitalize()|'aBc'.swapcase()|'straße'.upper()|'İI'.lower() | length|'ß'.title()|'ŉ'.upper()|'ΑΣ'.lower()|'ǆ'.title()|'ﬁ'.upper()|'STRASSE'.casefold()|'ß'.casefold()
'a'.center(5) ~ '|'|'ab'.center(5, '*')|'abc'.center(6, '*')|'a'.ljust(3, '.')|'a'.rjust(3, '.')|'7'.zfill(3)|'-7'.zfill(4)|'a\tb'.expandtabs(4)|'abc'.removeprefix('a')|'abc'.removesuffix('bc')|'abc'.removeprefix('x')
', '.join(['a', 'b'])|''.join([])|'-'.join('abc')|','.join([1])|', '.join({'a': 1, 'b': 2})|'x'.join(('a', 'b'))
'12'.isdigit()|'1.2'.isdigit()|''.isdigit()|'²'.isdigit()|'²'.isdecimal()|'½'.isnumeric()|'abc'.isalpha()|'a1'.isalnum()|'ab c'.isalpha()|'abc'.islower()|'ABC'.isupper()|'A1'.isupper()|'1'.isupper()|' \t'.isspace()|''.isspace()|'Ab Cd'.istitle()|'ab'.isidentifier()|'é'.isascii()|'漢'.isalpha()
'%s and %s' % ('a', 1)|'%s' % 'a'|'%s' % [1, 'b']|'%d%%' % 3|'%5.2f|%-6s|%06d|%+d|% d' % (3.14159, 'ab', 42, 5, 7)|'%x %X %o' % (255, 255, 8)|'%e %g %g %G' % (12345.678, 0.0001, 1e20, 1e-10)|'%r %r' % ('it\'s', none)|'%c%c' % ('a', 66)|'%(a)s-%(b)03d' % {'a': 'x', 'b': 7}|'%i' % 3.9|'%s %s' % ('a',)|'%s' % ('a', 'b')|'%d' % 'a'|'%.3s' % 'abcdef'|'%5s%%' % none|'%*d' % (5, 42)|'%q' % 1|'%.0f %.1f' % (2.5, 0.25)|'%s' % true|'%d' % true|'100%' % ()
'%s=%r' | format('a', 'b')|'%d items' | format(3)|'%(x)s' | format(x=1)|'{}-{}'.format(1, 'a')|'{1}{0}'.format('a', 'b')|'{a}'.format(a=[1])|'{0[0]}{1[k]}'.format('ab', {'k': 1})|'{:>5}|{:<5}|{:^5}|'.format('a', 'b', 'c')|'{:*^7}'.format('mid')|'{:05d} {:+.2f} {:x} {:#x} {:b} {:o} {:e}'.format(42, 3.14159, 255, 255, 5, 8, 12345.678)|'{:,} {:_} {:.1%}'.format(1234567, 1234567, 0.256)|'{!r} {!s}'.format('a', 'b')|'{{}} {}'.format(1)|'{'.format()|'{} {}'.format(1)|'{x}'.format()|'{0.name}'.format(person)|'{:d}'.format('a')|'{:.3}'.format('abcdef')|'{:{}}'.format('a', 3) ~ '|'|'{:g} {:g} {}'.format(1e10, 0.1, 1e16)|'{:.2f}'.format(2.675)|'{:10.3f}|'.format(pi)
'abc'.nope|'abc'.format_map|'abc'.encode is defined|'abc'.translate is defined|'a'.upper|('a').join|[1].nope|5 .real|'abc' | attr('upper')|person | attr('name')|'abc' | attr('nope')
"""

FILTERS = r"""
-5 | abs|-2.5 | abs|'a' | abs|[1, 2, 3, 4, 5] | batch(2) | list|[1, 2, 3] | batch(2, 'x') | list|'hello wORLD' | capitalize|'ab' | center(7) ~ '|'|'abc' | count|nothing | default('d')|missing | default('d')|empty | default('d')|empty | default('d', true)|none | default('d', true)|missing | default|missing | d(1) + 1|zero | default(5, boolean=true)|missing.x | default('deep')|nothing.x | default('deep')
{'b': 1, 'a': 2} | dictsort|{'b': 1, 'A': 2, 'c': 0} | dictsort|{'b': 1, 'A': 2} | dictsort(true)|{'b': 1, 'a': 2} | dictsort(by='value')|{'b': 1, 'a': 2} | dictsort(reverse=true)|{'b': 'B', 'a': 'a'} | dictsort(false, 'value')|tag | e|tag | escape|tag | forceescape|('<' | e) ~ '<'|('<' | safe) ~ '<' ~ tag|(tag | safe) == tag|tag | safe | length|'a' | safe | upper
13 | filesizeformat|1500 | filesizeformat|1048576 | filesizeformat(true)|words | first|words | last|[] | first|[] | last|'abc' | first|'abc' | last|[] | first | default('none')|'3.5' | float|'x' | float|'x' | float(1.5)|3 | float|none | float|'1e3' | float|' 2 ' | float|'3' | int|'3.9' | int|3.9 | int|-3.9 | int|'x' | int|'x' | int(7)|none | int|'0x1F' | int(base=16)|'101' | int(0, 2)|true | int|'1_000' | int|' 12 ' | int|[] | int|1e30 | int|'1e2' | int
rows | groupby('team.name') | map('first') | list|rows | groupby('id') | length|(rows | groupby('team.name') | first).list | length|rows | groupby('name') | map(attribute='grouper') | list|rows | groupby('on', default='?') | map('first') | list|rows | groupby('name', case_sensitive=true) | map('first') | list
'a\nb\n\nc' | indent|'a\nb' | indent(2)|'a\nb' | indent(2, true)|'a\n\nb' | indent(2, blank=true)|'a\nb' | indent('>> ')|'a\nb' | indent(width=1, first=true)|'a\nb\n' | indent(2) ~ '|'|'' | indent(2, true)|person.tags | items | list|missing | items | list|[1] | items | list|none | items|words | join|words | join(', ')|numbers | join('+')|rows | join(', ', attribute='name')|[1, none, true, 'x', [2]] | join('|')|'abc' | join('.')|{'a': 1, 'b': 2} | join(',')|missing | join(',')|none | join|words | length|text | length|person | length|missing | length|none | length|5 | length|range(4) | count
'abc' | list|person.tags | list|range(3) | list|(1, 2) | list|missing | list|none | list|5 | list|'HeLLo' | lower|5 | lower|none | upper|true | lower|'hello' | upper|text | trim|text | trim ~ '|'|'xxaxx' | trim('x')|5 | trim|'\u3000a\u3000' | trim|'  a' | trim(' ') | length
words | map('upper') | list|words | map('length') | list|words | map('replace', 'p', 'b') | list|rows | map(attribute='name') | list|rows | map(attribute='team.name') | join(',')|rows | map(attribute='on', default='-') | list|rows | map(attribute='on') | list|rows | map(attribute='on') | map('string') | list|words | map('first') | join|[[1, 2], [3]] | map('sum') | list|[[1, 2], [3, 4]] | map(attribute=0) | list|['1', '2'] | map('int') | sum|words | map('nope') | list|words | map|words | map('upper')|[{'a': 1}] | map('tojson') | join|[1, 2] | map('string') | map('center', 3) | list|messages | map(attribute='content') | map('default', '-', true) | list|'ab' | map('upper') | list|rows | map(attribute='team') | map(attribute='name') | unique | list
numbers | max|numbers | min|words | max|words | min|words | max(case_sensitive=true)|[] | max|[] | min | default('none')|rows | max(attribute='id')|rows | min(attribute='name') == rows[1]|['b', 'a'] | max|numbers | sum|[] | sum|rows | sum(attribute='id')|numbers | sum(start=10)|[[1], [2]] | sum(start=[])|words | sum
[1, 2, 3] | reverse | list|'abc' | reverse|words | reverse | first|(1, 2) | reverse | list|[3, 1] | reverse|5 | reverse|2.5 | round|3.5 | round|2.567 | round(2)|2.567 | round(1, 'floor')|2.511 | round(1, 'ceil')|-2.5 | round|7 | round|1234.5 | round(-2)|2.5 | round | int|2.5 | round(0, 'nope')|0.15 | round(1)|1e20 | round
numbers | select('odd') | list|[1, 2, 3, 4] | select('even') | list|mixed | select | list|mixed | reject | list|mixed | select('string') | list|mixed | select('number') | list|mixed | reject('none') | list|[1, 2, 3] | select('gt', 1) | list|[1, 2, 3] | select('>', 1) | list|[1, 2, 3, 4] | select('divisibleby', 2) | list|words | select('in', ['fig']) | list|words | select('nope') | list|words | reject('equalto', 'fig') | list|rows | selectattr('on') | list | length|rows | selectattr('on', 'defined') | map(attribute='id') | list|rows | selectattr('id', 'gt', 1) | map(attribute='id') | list|rows | selectattr('team.name', '==', 'red') | map(attribute='id') | list|rows | rejectattr('on') | map(attribute='id') | list|rows | rejectattr('on', 'undefined') | map(attribute='id') | list|rows | selectattr('nope', 'equalto', none) | list|rows | selectattr('name', 'lower') | map(attribute='name') | list|rows | selectattr('name', 'in', 'ab') | map(attribute='name') | list|rows | selectattr('on') | first | attr('x')|messages | selectattr('role', 'equalto', 'user') | list | length > 0|messages | selectattr('content', 'none') | list | length|messages | rejectattr('content', 'none') | map(attribute='role') | list
[1, 2, 3, 4, 5, 6, 7] | slice(3) | list|[1, 2, 3, 4] | slice(3, 'x') | list|numbers | sort|words | sort|words | sort(true)|words | sort(case_sensitive=true)|words | sort(reverse=true)|rows | sort(attribute='id') | map(attribute='id') | list|rows | sort(attribute='team.name,id') | map(attribute='id') | list|rows | sort(attribute='name', reverse=true) | map(attribute='name') | list|'bca' | sort|{'b': 1, 'a': 2} | sort|[1, 'a'] | sort|[none, 1] | sort|[] | sort|[(2, 'b'), (1, 'c')] | sort|[true, 0, 2] | sort|rows | sort(attribute='on') | list | length
5 | string ~ 5|none | string|[1, 'a'] | string|1.0 | string|tag | striptags|'<p>a  <i>b</i>\n c &amp; d</p><!-- no -->' | striptags|'hello wORLD-foo (bar) it\'s' | title|5 | title|'a long text of some words' | truncate(12)|'a long text of some words' | truncate(12, true)|'a long text' | truncate(9, true, '..', 0)|'a long text' | truncate(9, false, '')|'short' | truncate(5)|'shorter' | truncate(5)|'exactly' | truncate(3, leeway=5)
words | unique | list|words | unique(true) | list|words | unique(case_sensitive=true) | list|[1, 1.0, true, '1'] | unique | list|rows | unique(attribute='team.name') | map(attribute='id') | list|'a b&c/d?é' | urlencode|{'a': 1, 'b c': 'd&'} | urlencode|[('a', 1)] | urlencode|text | wordcount|'it\'s a b-c' | wordcount|'a long text of some words' | wordwrap(10)|'abcdefghij' | wordwrap(4)|'abcdefghij kl' | wordwrap(4, false)|'a b\nc d' | wordwrap(3, wrapstring='/')|{'a': 1, 'b': none, 'c': '<'} | xmlattr|person.tags | pprint|[1, 'a'] | pprint|'a' | pprint
words | random | length > 0|words | nofilter|words | upper(1, 2)|'a' | replace|'a' | default(x=1)|none | trim|none | e|missing | upper|missing | trim|missing | e|missing | string|missing | int|missing | first|missing | tojson|missing | map('upper') | list|missing | selectattr('x') | list|missing | join|missing | sort|missing | list | length|missing | replace('a', 'b')|missing | capitalize|5 | capitalize|none | title|[] | join(', ')|{} | first|{'a': 1} | first|{'a': 1} | last|{'a': 1, 'b': 2} | reverse | list
"""

JSON = r"""
none | tojson|true | tojson|1 | tojson|1.0 | tojson|1e16 | tojson|1e-7 | tojson|-0.0 | tojson|pi | tojson|big | tojson|'a' | tojson|odd | tojson|tag | tojson|'/<>&\'"' | tojson|'\u2028\u2029\x7f\x00\x1f\x08\x0c' | tojson|'é漢🙂' | tojson|'é漢🙂\x7f' | tojson(ensure_ascii=true)|'é' | tojson(true)|mixed | tojson|numbers | tojson|person | tojson|rows | tojson|messages | tojson
[] | tojson|{} | tojson|[[], {}] | tojson|[[], {}, [1]] | tojson(indent=2)|{'a': [], 'b': {}, 'c': [1, {'d': 2}]} | tojson(indent=4)|{'a': 1, 'b': [1, 2]} | tojson(indent=0)|{'a': [1]} | tojson(indent='--')|{'a': [1, 2]} | tojson(separators=(',', ':'))|{'a': [1, 2]} | tojson(indent=1, separators=(',', ': '))|{'b': 1, 'a': {'d': 1, 'c': 2}} | tojson(sort_keys=true)|{'b': 1, 'a': 2} | tojson(indent=2, sort_keys=true)|(1, (2,)) | tojson|{1: 2, 1.5: 3, true: 4, none: 5} | tojson|{(1, 2): 3} | tojson|range(3) | tojson|range(3) | list | tojson|'a' | list | tojson|namespace(a=1) | tojson|dict(a=1) | tojson|words | map('upper') | tojson|person.tags.items() | tojson|{'a': missing} | tojson|tag | safe | tojson|{'a': 'x' | upper} | tojson | length|{'a': 1} | tojson | upper|('{"a": ' ~ [1] | tojson ~ '}')|{'b': 1, 1: 2} | tojson(sort_keys=true)|[1] | tojson(4)|[1] | tojson(false, 1)|[1] | tojson(nope=1)|-1 | tojson ~ 'x'|{'k': 1e100} | tojson|[1e999] | tojson
"""

TESTS = r"""
true is boolean|1 is boolean|missing is defined|nothing is defined|missing is undefined|missing.x is defined|person.nope is defined|person.nope is undefined|text is defined and text|words is callable|range is callable|text.strip is callable|9 is divisibleby(3)|9 is divisibleby 2|1 is eq 1|1 is equalto(1)|1 is ==(1)|'a' is eq('b')|'<' | e is escaped|('<' | e) is escaped|'a' is escaped|2 is even|3 is even|2 is odd|-3 is odd|0 is even|true is true|1 is true|false is false|0 is false|'upper' is filter|'nope' is filter|1.0 is float|1 is float|2 is ge 2|3 is gt 2|3 is greaterthan(4)|1 is in [1]|1 is in([2])|'a' is in 'abc'|1 is integer|true is integer|1.0 is integer|'a' is iterable|words is iterable|5 is iterable|none is iterable|missing is iterable|person is iterable|range(2) is iterable|1 is le 1|1 is lessthan 2|'abc' is lower|'aBc' is lower|'ABC' is upper|'1' is lower|1 is lt 1
person is mapping|words is mapping|'a' is mapping|none is mapping|missing is mapping|namespace() is mapping|1 is ne 2|none is none|missing is none|0 is none|empty is none|1 is number|1.5 is number|true is number|'1' is number|none is number|none is sameas none|1 is sameas 1|true is sameas true|1 is sameas true|'' is sameas ''|words is sequence|'a' is sequence|person is sequence|(1,) is sequence|range(2) is sequence|none is sequence|5 is sequence|missing is sequence|'a' is string|1 is string|none is string|missing is string|'in' is test|'nope' is test|1 is nope|1 is not none|1 is not in [2]|not 1 is none|1 is not string and 2 is number|words is not string and words is iterable|1 is divisibleby 2 or true|3 is not even|text is string and text is not none|missing is not defined or missing.x|x is defined and x is not none|1 is in [1] and 2 is in [2]|'a' ~ 1 is string|1 + 1 is even|-1 is lt 0|words | length is eq 5|('a' is string) ~ ''|[1, 2] is eq([1, 2])|1 is defined is true|missing is not undefined
"""

STATEMENTS = [
    "{% if 0 %}a{% elif '' %}b{% elif [] %}c{% elif {} %}d{% elif none %}e{% elif missing %}f{% elif 0.0 %}g{% elif () %}h{% else %}i{% endif %}",
    "{% if 'x' %}a{% if 1 %}b{% else %}c{% endif %}d{% endif %}e",
    "{% if a is defined and a %}x{% elif not b %}y{% endif %}",
    "{% if range(0) %}a{% else %}b{% endif %}{% if '0' %}c{% endif %}{% if namespace() %}d{% endif %}{% if [none] %}e{% endif %}",
    "{% for x in [1, 2, 3] %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for x in 'abc' %}{{ loop.index0 }}{{ x }}{% endfor %}",
    "{% for k in {'a': 1, 'b': 2} %}{{ k }}{% endfor %}",
    "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %}{% for k, v in {'a': 1} | items %}{{ k }}{{ v }}{% endfor %}",
    "{% for k, v in rows[0] | dictsort %}{{ k }}={{ v }};{% endfor %}",
    "{% for x in missing %}a{% else %}none{% endfor %}{% for x in [] %}a{% else %}empty{% endfor %}",
    "{% for x in none %}a{% endfor %}",
    "{% for x in 5 %}a{% endfor %}",
    "{% for a, b in [(1, 2)] %}{{ a }}{{ b }}{% endfor %}",
    "{% for a, b in ['xy', [1, 2]] %}{{ a }}-{{ b }} {% endfor %}",
    "{% for a, b in [1, 2] %}{{ a }}{% endfor %}",
    "{% for a, b in [(1, 2, 3)] %}{{ a }}{% endfor %}",
    "{% for a in [1, 2, 3, 4] if a is even %}{{ loop.index }}/{{ loop.length }}:{{ a }} {% else %}none{% endfor %}",
    "{% for a in [1, 2, 3] if a > 5 %}{{ a }}{% else %}none{% endfor %}",
    "{% for a in range(10) %}{% if a == 3 %}{% break %}{% endif %}{% if a is odd %}{% continue %}{% endif %}{{ a }}{% endfor %}",
    "{% for a in [1, 2] %}{% break %}{% else %}else{% endfor %}|{% for a in [1] %}{% continue %}{% else %}else{% endfor %}",
    "{% for a in [1, 2] %}{% for b in [1, 2, 3] %}{% if b == 2 %}{% break %}{% endif %}{{ a }}{{ b }} {% endfor %}{% endfor %}",
    "{% break %}", "{% continue %}",
    "{% for x in [1, 2, 3] %}{{ loop.first }}{{ loop.last }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }} {% endfor %}",
    "{% for x in [1, 1, 2, 2, 1] %}{% if loop.changed(x) %}{{ x }}{% endif %}{% endfor %}{% for x in 'abcd' %}{{ loop.cycle('-', '+') }}{% endfor %}",
    "{% for x in [1, 2, 3] %}[{{ loop.previtem }}{{ loop.nextitem }}]{{ loop.previtem is defined }}{% endfor %}",
    "{% for x in [1, 2] %}{{ loop }}{% endfor %}",
    "{{ loop }}{{ loop.index }}",
    "{% for x in [[1, [2, [3]]]] recursive %}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}@{{ loop.depth }}{% endif %}{% endfor %}",
    "{% for x in [1, 2] %}{{ loop([3]) }}{% endfor %}",
    "{% for x in [1, 2, 3][::-1] %}{{ x }}{% endfor %}{% for x in words | sort %}{{ x }} {% endfor %}{% for x in [3, 1] | reverse %}{{ x }}{% endfor %}",
    "{% for x in range(3) %}{% set y = x %}{% endfor %}{{ y is defined }}{{ x is defined }}",
    "{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}",
    "{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = x + 1 %}{{ x }}{% endfor %}",
    "{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}",
    "{% if false %}{% set x = 2 %}{% endif %}{{ x is defined }}",
    "{% set ns = namespace(x=1) %}{% for i in [1, 2] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}{% set ns.new = 'n' %}{{ ns.new }}{{ ns.old is defined }}",
    "{% set d = {'a': 1} %}{% set d.b = 2 %}{{ d }}",
    "{% set missing.x = 1 %}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set a, b = b, a %}{{ a }}{{ b }}{% set c, d = 'xy' %}{{ c }}{{ d }}",
    "{% set a, b = 1 %}", "{% set a, b = (1, 2, 3) %}",
    "{% set x %}a{{ 1 }}{% endset %}{{ x }}{{ x | length }}{{ x is string }}{% set y | upper %}abc{% endset %}{{ y }}{% set z | replace('a', 'b') | trim %} aa {% endset %}{{ z }}",
    "{% set x = [] %}{% set x = x + [1] %}{{ x }}{% set y = x + [x] %}{{ y }}",
    "{% set messages = messages[1:] %}{{ messages | length }}{% for messages in [[1]] %}{{ messages }}{% endfor %}{{ messages | length }}",
    "{% set loop = 5 %}{{ loop }}",
    "{% set x = 1 if false %}[{{ x }}]{{ x is defined }}",
    "{% with %}{% set a = 1 %}{{ a }}{% endwith %}{{ a is defined }}{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{% set a = 5 %}{% with a = a + 1, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}",
    "{% macro f(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ f(1) }} {{ f(1, 3) }} {{ f(b=1, a=2) }} {{ f() }} {{ f(*[1, 2]) }} {{ f(**{'a': 9}) }}",
    "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}",
    "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(b=2) }}",
    "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, a=2) }}",
    "{% macro f(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, 3, k=4) }}{{ f() }}",
    "{% macro f(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ f(1) }}{{ f(1, 2) }}",
    "{% macro f(a=[]) %}{{ a }}{% endmacro %}{{ f() }}{{ f(a=none) }}",
    "{% macro f(a=1, b) %}{{ a }}{% endmacro %}{{ f() }}",
    "{% macro f() %}{{ x }}{% endmacro %}{% set x = 1 %}{{ f() }}{% set x = 2 %}{{ f() }}",
    "{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}G{% endmacro %}{{ f() }}",
    "{{ f() }}{% macro f() %}F{% endmacro %}",
    "{% for i in [1] %}{% macro f() %}{{ i }}{% endmacro %}{{ f() }}{% endfor %}",
    "{% for i in [1, 2] %}{% set j = i %}{% macro f() %}{{ j }}{% endmacro %}{{ f() }}{% endfor %}",
    "{% macro f(n) %}{{ n }}{% if n %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}",
    "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "{% macro f(x) %}{% if x %}  {{ x }}  {% endif %}{% endmacro %}[{{ f(1) }}][{{ f(1) | trim }}][{{ f(0) }}]{{ f(0) == '' }}{{ f(1) is string }}{{ (f(1) | trim) == '1' }}{{ 'a' ~ f(1) }}{{ f(1) + 'b' }}{{ f(2) | length }}",
    "{% macro f(x) %}{{ x }}{% endmacro %}{{ f }}",
    "{% macro f(x, y='d') %}{% endmacro %}{{ f.name }}{{ f.arguments }}{{ f.catch_kwargs }}{{ f.catch_varargs }}{{ f.caller }}",
    "{% macro f() %}[{{ caller() }}]{% endmacro %}{% call f() %}x{% endcall %}",
    "{% macro f() %}{{ caller(1) }}{{ caller(2) }}{% endmacro %}{% call(n) f() %}<{{ n }}>{% endcall %}",
    "{% macro f() %}{{ caller is defined }}{% endmacro %}{{ f() }}{% call f() %}{% endcall %}",
    "{% macro f() %}{{ caller() }}{% endmacro %}{% set v = 'outer' %}{% call f() %}{{ v }}{% endcall %}{% for i in [1, 2] %}{% call f() %}{{ i }}{% endcall %}{% endfor %}",
    "{% macro f() %}x{% endmacro %}{% call f() %}y{% endcall %}",
    "{% filter upper %}a{{ 'b' }}{% endfilter %}{% filter replace('a', 'x') | trim %}  aa {% endfilter %}|{% filter indent(2) %}a\nb{% endfilter %}",
    "{% raw %}{{ x }}{% if %}{% endraw %}{% raw -%} a {%- endraw %}",
    "{# c #}a{#- c -#} b {#- {{ x }} {% if %} #}c",
    "{{ 1 }}{{- 2 -}} {{ 3 }} {{- 4 }}",
    "a\n{% if true %}\nb\n{% endif %}\nc\n",
    "a\n  {% if true %}  \n  b\n  {% endif %}\n  c\n\n",
    "a\n  {%- if true %}\nb\n  {%- endif %}\nc",
    "a\n  {%+ if true %}\nb\n  {%+ endif %}\nc",
    "a {% if true +%}\nb{% endif +%}\nc",
    "a\n\t {# c #}\n{# d #} x\n  {# e #} y",
    "  {{ 1 }}\n  {{ 2 }}\n",
    "x  {% set a = 1 %}  \ny  {% set b = 2 -%}  \n z",
    "{% set a = 1 %}\n\n\n{{ a }}\n\n",
    "\n{{ 1 }}\n", "\n\n", "", " ", "\n", "a\n", "a\n\n", "a\r\nb\r\n", "a\rb", "{{ 'a\r\nb' }}|{{ '\n' }}|{{ '\r' | length }}", "{% if true %}\r\nx\r\n{% endif %}\r\ny",
    "a{% if true %} b {% endif %} c", "{%if true%}x{%endif%}{{1}}{{'a'~'b'}}{%-if true-%}y{%-endif-%}",
    "{% for m in messages -%}\n  {{ m.role }}\n{%- endfor %}", "{% for m in messages %}\n  {{- m.role }}\n{% endfor %}",
    "  {%- set a = 1 -%}  a  {{- a -}}  b", "a {{- ' b ' -}} c", "{{ ' a' -}}\n\n  b", "x\n\n{%- if true -%}\n\n  y\n\n{%- endif -%}\n\nz",
    "{% if true -%}\n  {# c -#}\n  x\n{% endif %}", "{#-#}a{#--#}b", "a {#+ c +#} b", "{%- raw %}  a  {% endraw -%}  b", "   {% raw %} a {% endraw %} b",
    "{{ '}}' }}{{ \"%}\" }}{{ {'a': {'b': 1}}['a']['b'] }}{{ {} }}{{ {'a': {}} }}", "{ { } } {{ '{' }}{{ '}' }} {x} {%", "{{", "{{ 1", "{% if true", "{# open", "{% raw %}open", "}} %} #}", "{{ 1 }}}", "{{{ 'a': 1 }}}", "{{ {'a': 1}}}",
    "{% generation %}a{% endgeneration %}b", "{%- generation -%} a {%- endgeneration -%} b", "{% for x in [1, 2] %}{% generation %}{{ x }}{% endgeneration %},{% endfor %}", "{% generation %}{% endgeneration %}", "{% generation %}{% set x = 1 %}{{ x }}{% endgeneration %}{{ x is defined }}", "{% set x = 1 %}{% generation %}{{ x }}{% endgeneration %}", "{% generation %}🙂é{% endgeneration %}x", "{% set a %}{% generation %}x{% endgeneration %}y{% endset %}{{ a }}{{ a }}", "🙂{% generation %}  x{% endgeneration %}", "{% generation %}open",
    "{{ raise_exception('no: ' ~ 1) }}", "{{ raise_exception() }}", "{% if false %}{{ raise_exception('no') }}{% endif %}ok", "{{ raise_exception(1) }}", "{% set x = raise_exception('Näh «🙂»\n') %}", "{{ 1 if true else raise_exception('lazy') }}", "{{ true or raise_exception('lazy') }}", "{{ messages and raise_exception('eager') }}",
    "{{ strftime_now('%Y-%m-%d %H:%M:%S') }}", "{{ strftime_now('%d %b %Y, %A %B %-d, %e %j %y %p %I %a %% %F %T %D %R %h %n%t|%C %G %V %u %w %U %W %M %S') }}", "{{ strftime_now('') }}{{ strftime_now('é %Y') }}", "{{ strftime_now is defined }}{{ strftime_now is callable }}", "{{ strftime_now() }}", "{{ strftime_now('%c | %x | %X') }}", "{{ strftime_now('%s')[:0] }}{{ strftime_now('%-I %-H %-M %-y %_d') }}",
    "{{ ''.__class__ }}", "{{ ''.__class__.__mro__ }}", "{{ messages.__len__ }}", "{{ messages.__len__() }}", "{{ messages.append(1) }}", "{{ person.update({'a': 1}) }}", "{{ person.pop('name') }}", "{{ words.sort() }}", "{{ [1].append }}", "{{ person.clear() }}", "{{ words.reverse() }}", "{{ words.copy() }}{{ person.tags.copy() }}", "{{ person.setdefault('name', 1) }}", "{{ 'a'.format.__self__ }}", "{{ messages.GetType() }}", "{{ messages.Count }}{{ text.Length }}{{ text.Trim }}", "{{ range.__init__ }}", "{{ (1).__add__ }}", "{{ '{0.__class__}'.format(1) }}", "{{ '%s' | attr('__class__') }}", "{{ namespace.__init__.__globals__ }}", "{{ raise_exception.__globals__ }}", "{{ _ }}{{ __name__ }}", "{{ cycler.__init__ }}", "{{ {}['__class__'] }}",
    "{% include 'x' %}", "{% import 'x' as y %}", "{% from 'x' import y %}", "{% extends 'x' %}", "{% do x %}", "{% debug %}", "{% trans %}a{% endtrans %}",
    "{{ }}", "{% %}", "{% if %}{% endif %}", "{% for x %}{% endfor %}", "{% for %}{% endfor %}", "{% for x in %}{% endfor %}", "{% nope %}", "{% endif %}", "{% if true %}", "{% if true %}{% endfor %}", "{% else %}", "{{ 1 + }}", "{{ 'a }}", "{{ a b }}", "{{ (1 }}", "{{ [1 }}", "{{ {'a' 1} }}", "{{ a. }}", "{{ a[ }}", "{{ a[] }}", "{{ | upper }}", "{{ a | }}", "{{ a is }}", "{{ not }}", "{% set %}", "{% set x %}", "{% set 1 = 2 %}", "{% set x = %}", "{% set x = 1", "{% set none = 1 %}", "{% macro %}{% endmacro %}", "{% macro f %}{% endmacro %}", "{% macro f(1) %}{% endmacro %}", "{% call %}{% endcall %}", "{% call 1 %}{% endcall %}", "{{ f(a=1, 2) }}", "{{ f(a=1, a=2) }}", "{{ 1 == }}", "{{ a ? b : c }}", "{{ a && b }}", "{{ a || b }}", "{{ !a }}", "{{ a++ }}", "{{ 5x }}", "{{ $a }}", "{{ a := 1 }}", "{{ lambda x: x }}", "{{ [x for x in y] }}", "{{ {1, 2} }}", "{{ f'a' }}", "{{ r'a\\n' }}", "{{ 'a' if }}", "{{ 1 if true else }}", "{% if a = 1 %}{% endif %}", "{% for a in b %}{% else %}{% else %}{% endfor %}", "{% if a %}{% else %}{% elif b %}{% endif %}", "{% filter %}{% endfilter %}", "{% block b %}in{% endblock %}out",
    "{{ 1 | nofilter }}", "{% if false %}{{ 1 | nofilter }}{% endif %}ok", "{{ 1 is notest }}", "{% if false %}{{ 1 is notest }}{% endif %}ok", "{{ (1 | nofilter) if false else 2 }}", "{{ nofunction() }}", "{{ 'a'() }}", "{{ 5() }}", "{{ messages() }}", "{{ none() }}", "{{ person.name() }}", "{{ missing.f() }}", "{{ person.nope() }}",
    "{{ -'a' }}", "{{ +'a' }}", "{{ -true }}", "{{ +true }}", "{{ --1 }}", "{{ - 1 }}", "{{ -(1 + 2) | abs }}", "{{ -1 | abs }}", "{{ (-1) | abs }}", "{{ 1 | string + 'a' }}", "{{ 'a' + 1 | string }}", "{{ 1 + 2 | string }}", "{{ 'a' ~ 1 + 2 ~ 'b' }}", "{{ 2 * 3 ~ 4 }}", "{{ 'x' ~ 'a' * 2 }}", "{{ not true == false }}", "{{ 1 in [1] == true }}", "{{ (1 in [1]) == true }}", "{{ 1 if 2 in [2] else 3 }}", "{{ 'a' is string and 1 is number }}", "{{ not missing is defined }}", "{{ missing is not defined and true }}", "{{ not messages[0].x and messages[0].role == 'user' }}", "{{ 'a' not in 'b' and 'c' }}", "{{ 'a' == 'a' | upper }}", "{{ ('a' == 'a') | string | upper }}", "{{ words | length > 3 and words | first == 'pear' }}", "{{ words|length - 1 }}", "{{ words | map('length') | sum // 2 }}", "{{ messages | length % 2 == 1 }}", "{{ 2 ** 3 | string }}", "{{ -2 ** 2 }}", "{{ 2 ** -2 }}", "{{ words[words | length - 1] }}", "{{ words[(1 + 1)] }}", "{{ {'a': 1}['a'] + [2][0] }}", "{{ {'a': 1}.a }}", "{{ [1, 2].0 }}", "{{ 'abc'.0 }}", "{{ (1, 2).1 }}", "{{ rows.1.team.name }}", "{{ person . name }}{{ person [ 'name' ] }}", "{{ 1.5.real }}", "{{ 1 .real }}", "{{ '%s' % 1 + 'a' }}", "{{ '%s-%s' % (1, 2) ~ 'a' }}", "{{ 'a,b'.split(',')[1].upper() | lower ~ 'c' }}", "{{ ('a', 'b') | join }}", "{{ 'a' , 'b' }}", "{{ (1 if true else 2) + 1 }}", "{{ 1 if true else 2 + 1 }}", "{{ true if 1 == 1 and 2 == 2 else false }}", "{{ [1 if true else 2, 'x' if false] }}", "{{ {'a': 1 if true else 2} }}", "{{ dict(a=1 if true else 2) }}",
    "{% set x = 'a' %}{% set x = x ~ x ~ x %}{{ x }}{% set x = x | replace('a', x) %}{{ x | length }}",
    "{% autoescape true %}{{ '<' }}{% endautoescape %}{% autoescape false %}{{ '<' }}{% endautoescape %}",
    "{{ 1000000 * 1000000 * 1000000 * 10 }}", "{{ 9223372036854775807 + 1 }}", "{{ 99999999999999999999 }}", "{{ 2 ** 64 }}", "{{ 10 ** 20 | string | length }}", "{{ 7 // 0.5 }}", "{{ 1e308 * 10 }}", "{{ -1e308 * 10 }}", "{{ 1e308 * 10 - 1e308 * 10 }}", "{{ 3.0 | int }}", "{{ 3 | float }}", "{{ 1.10 }}", "{{ 100000.0 * 10 }}", "{{ 0.00001 }}", "{{ 0.0001 }}", "{{ 123456.789e3 }}", "{{ 1 / 7 }}", "{{ 2.0 * 3 }}", "{{ 6.0 // 4 }}", "{{ 2 ** 0 }}{{ 0 ** 0 }}{{ 2.0 ** 2 }}", "{{ 5 % 3.5 }}", "{{ -5 % 3.5 }}", "{{ 1 if 0.0 else 2 }}", "{{ 0.1 + 0.7 }}", "{{ (0.1 * 3) | round(2) }}", "{{ 1e2 | int }}", "{{ 3.7 // 1 }}", "{{ big * 1000 }}", "{{ half + half }}",
    "{% for c in text %}{% if c == '\\n' %}N{% elif c == '\\t' %}T{% else %}{{ c }}{% endif %}{% endfor %}",
    "{% for i in range(0, messages | length, 2) %}{{ messages[i].role }}{% endfor %}",
    "{% set ns = namespace(found=false) %}{% for m in messages %}{% if not ns.found and m.role == 'assistant' %}{% set ns.found = loop.index %}{% endif %}{% endfor %}{{ ns.found }}",
    "{% set ns = namespace(a=[], b={}) %}{% for m in messages %}{% set ns.a = ns.a + [m.role] %}{% set ns.b = dict(ns.b, **{m.role: loop.index}) %}{% endfor %}{{ ns.a }}{{ ns.b }}",
    "{{ ns }}{% set ns = namespace(x=1) %}{{ ns.y is defined }}{{ ns.x is defined }}{{ ns['x'] }}",
    "{% if messages[0]['role'] == 'system' %}a{% else %}{% set offset = 1 %}{% endif %}{{ offset }}",
    "{% if messages[0].content is string %}s{% endif %}{% if messages[2].content is none %}n{% endif %}{% if messages[2].content %}t{% endif %}{% if 'content' in messages[2] %}c{% endif %}{% if messages[2].name is defined %}d{% endif %}",
    "{% set a = b = 1 %}", "{% set a = 1, b = 2 %}", "{% set (a, b) = (1, 2) %}{{ a }}{{ b }}", "{% set a = (1, 2) %}{{ a }}{% set a = 1, 2 %}{{ a }}", "{% for (a, b) in [(1, 2)] %}{{ a }}{{ b }}{% endfor %}", "{% for a in 1, 2, 3 %}{{ a }}{% endfor %}", "{% for a in (1, 2) + (3,) %}{{ a }}{% endfor %}", "{% if 1, %}t{% endif %}", "{% for x in [1, 2, 3] if x != 2 %}{{ loop.index }}{{ loop.previtem }}{{ loop.nextitem }};{% endfor %}", "{% for x in (x for x in y) %}{% endfor %}",
    "{% for a in words %}{% for b in words %}{% if loop.first and loop.index == 1 %}{{ a }}{{ b }} {% endif %}{% endfor %}{% endfor %}", "{% for a in [1, 2] %}{% set outer = loop %}{% for b in [1, 2] %}{{ outer.index }}{{ loop.index }}{{ outer.last }} {% endfor %}{% endfor %}",
    "{% for m in messages | selectattr('content') %}{{ loop.index }}{{ loop.last }}{{ m.role }} {% endfor %}", "{% for m in messages if m.content %}{% if loop.last %}{{ m.content }}{% endif %}{% endfor %}", "{% for k, g in rows | groupby('team.name') %}{{ k }}:{% for r in g %}{{ r.id }}{% endfor %} {% endfor %}",
    "{%- for message in messages %}{{- '<' + message['role'] + '>' }}\n{% if message.content %}  {{ message.content }}  \n{%- endif %}\n{% endfor -%}\n  end  ",
    "{{ ('<b>' | safe) + tag + '</b>' }}", "{{ '<' + ('<b>' | safe) + '<' }}", "{{ ('<b>' | safe) ~ '<' }}", "{{ ('<' | e) | e }}{{ '<' | e | e }}", "{{ ('<' | e) + '<' | e }}", "{{ ('<%s>' | safe) % '<' }}", "{{ ('<{}>' | safe).format('<') }}", "{{ ('<x' | safe | upper) + '<' }}", "{{ (' <x ' | safe | trim) + '<' }}", "{{ ('<xy' | safe)[:2] + '<' }}", "{{ ('<' | safe) * 2 + '<' }}", "{{ ['<', '<' | safe] | join('&') }}", "{{ ('&' | safe).join(['<', '<' | safe]) }}", "{{ ('<x' | safe).replace('x', '<') }}", "{{ ('<x' | safe | replace('x', '<')) + '<' }}", "{{ (('<' | safe) ~ 'x') + '<' }}", "{{ (tag | tojson | safe) + '<' }}", "{% set x = tag | safe %}{{ x + '<' }}", "{% macro f() %}<{% endmacro %}{{ f() + ('>' | safe) }}", "{% set x %}<{% endset %}{{ x + ('>' | safe) }}", "{{ ('<' | safe) == '<' }}{{ ('<' | safe) in ['<'] }}{{ {'<': 1}['<' | safe] }}{{ ['<' | safe] }}", "{{ ''.replace('', 'x') }}{{ ''.replace('', 'x', 1) }}|{{ 'a'.replace('', 'x', 2) }}|{{ ''.replace('a', 'x') }}", "{{ ('<,>' | safe).split(',')[0] + '<' }}", "{{ ('<' | safe | string) + '<' }}", "{{ '<' ~ ('<' | safe) + '<' }}",
    "{% macro f(x) %}{% set n = namespace(t=caller()) %}{% for k in x %}{% call f(k) %}<{{ loop.index }}{{ k }}>{% endcall %}{% endfor %}({{ n.t }}){% endmacro %}{% call f([[[]], []]) %}top{% endcall %}",
    "{% macro f() %}{{ caller() }}{{ caller() }}{% endmacro %}{% call f() %}{% call f() %}x{% endcall %}y{% endcall %}", "{% macro g() %}[{{ caller() }}]{% endmacro %}{% macro f() %}{% call g() %}{{ caller() }}{% endcall %}{% endmacro %}{% call f() %}x{% endcall %}",
    "{% macro f(a) %}{{ a }}{{ caller('x', k='y') }}{% endmacro %}{% call(p, k='z') f('q') %}{{ p }}{{ k }}{{ a is defined }}{% endcall %}", "{% macro f(n) %}{% if n %}{% call f(n - 1) %}{{ caller() }}{{ n }}{% endcall %}{% else %}{{ caller() }}{% endif %}{% endmacro %}{% call f(3) %}x{% endcall %}",
    "{% macro f(x) %}{% for y in x %}{{ y if y is not sequence else f(y) }}{{ loop.index }}{% endfor %}{% endmacro %}{{ f([1, [2, [3]], 4]) }}", "{% set f = namespace(g=none) %}{% macro h() %}H{% endmacro %}{% set f.g = h %}{{ f.g() }}", "{% macro f() %}{% set ns.x = ns.x + 1 %}{{ ns.x }}{% endmacro %}{% set ns = namespace(x=1) %}{{ f() }}{{ f() }}{{ ns.x }}",
    "{% macro f(a, b) %}{{ a }}|{{ b }}|{{ b is defined }}{% endmacro %}{{ f(1) }}{{ f(b=2) }}{{ f(1, b=none) }}", "{% macro f(a=x) %}{{ a }}{% endmacro %}{% set x = 1 %}{{ f() }}", "{% macro f(m=messages[0].role) %}{{ m }}{% endmacro %}{% set messages = [] %}{{ f() }}", "{% for x in [1, 2] %}{% macro f() %}{{ x }}{{ loop is defined }}{% endmacro %}{{ f() }}{% endfor %}",
    "{% for x in [1] %}{% set y = 1 %}{% if true %}{% set y = 2 %}{% endif %}{{ y }}{% endfor %}{{ y is defined }}", "{% set y = 0 %}{% for x in [1, 2] %}{% if x == 2 %}{{ y }}{% else %}{% set y = 5 %}{{ y }}{% endif %}{% endfor %}", "{% set y = 1 %}{% macro f() %}{{ y }}{% set y = 2 %}{{ y }}{% endmacro %}{{ f() }}{{ y }}", "{% set y = 1 %}{% macro f() %}{% if y %}{% set y = 2 %}{% endif %}{{ y }}{% endmacro %}{{ f() }}", "{% for x in [1, 2, 3] if x not in [y for y in []] %}{% endfor %}", "{% with y = 1 %}{% for x in [1] %}{% set y = y + 1 %}{{ y }}{% endfor %}{{ y }}{% endwith %}",
    "{% for message in messages %}{% if loop.index0 == 0 %}{% set content = 'a' %}{% endif %}{{ content }}{% endfor %}", "{% for m in messages %}{% set content = m.content if m.content else content %}{{ content }};{% endfor %}", "{% set content %}{% for m in messages %}{% set content = m.role %}{{ content }}{% endfor %}{% endset %}{{ content }}", "{% if true %}{% set a %}x{% endset %}{% endif %}{{ a }}{% filter upper %}{% set b = 'y' %}{{ b }}{% endfilter %}{{ b is defined }}",
    "{{ 'a\nb' }}|{{ \"c\n\" }}", "{{ 'x' }}\n{{ 'y' }}\n\n{% if 1 %}z{% endif %}\n", "{{ bos_token }}{{ eos_token }}{{ pad_token }}{{ unk_token }}{{ sep_token }}", "{{ add_generation_prompt }}{{ tools }}{{ documents }}{{ tools is none }}{{ documents is defined }}{{ tools is defined }}", "{{ messages | string | length }}{{ messages | tojson | length }}",
    "{{ person.items() | list }}", "{% for k in person %}{{ k }},{% endfor %}", "{{ person.tags.items() }}{{ person.tags.keys() }}{{ person.tags.values() }}", "{{ words | map('upper') is iterable }}{{ words | map('upper') is sequence }}{{ (words | select) is string }}", "{% set it = words | map('upper') %}{{ it | list }}{{ it | list }}", "{{ (words | map('upper'))[0] }}", "{{ words | reject('none') | length }}", "{{ words | unique | first }}{{ words | reverse | first }}{{ words | map('lower') | last }}",
    "{% if '\\n' in text %}nl{% endif %}{{ text.split('\\n') | length }}{{ '\\n'.join(words) }}", "{{ 'line\\nbreak' | replace('\\n', ' ') }}{{ 'a\\\\nb' }}", "{{ \"it's\" }}{{ 'a\"b' }}{{ 'tab\\there' }}", "{{ ['a\\nb'] }}{{ ['a\\\\b'] }}",
    "{{ cycler is callable }}{{ dict is callable }}{{ lipsum is defined }}{{ namespace is callable }}{{ joiner is defined }}",
]


def expressions(block):
    """Expressions stand one beside another, parted by a bar without a space before it: filters have one."""
    for line in block.replace("\\\n", "\0").strip().split("\n"):
        line = line.replace("\0", "\\\n")
        for expression in _parts(line):
            yield "{{ " + expression + " }}"


def _parts(line):
    """Splits at bars that neither follow a space nor stand in quotes."""
    start, quote, escaped = 0, None, False
    for i, character in enumerate(line):
        if escaped:
            escaped = False
        elif quote:
            if character == "\\":
                escaped = True
            elif character == quote:
                quote = None
        elif character in "'\"":
            quote = character
        elif character == "|" and line[i - 1] != " ":
            yield line[start:i]
            start = i + 1
    yield line[start:]


SNIPPETS = [source for block in (EXPRESSIONS, STRINGS, FILTERS, JSON, TESTS) for source in expressions(block)] + STATEMENTS
