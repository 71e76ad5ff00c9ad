"""Renders chat templates as Transformers does: the same Jinja environment, the same filters and functions, a fixed clock."""
import datetime
import json

import jinja2
import jinja2.ext
import jinja2.sandbox

NOW = datetime.datetime(2031, 2, 3, 14, 5, 9)
SPECIAL_TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}

# Private characters around what a generation block writes; where they change the text, a template has no spans.
OPEN, CLOSE = "\U0010fffc", "\U0010fffd"


class Generation(jinja2.ext.Extension):
    """The block {% generation %} ... {% endgeneration %}, which renders to its body."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_mark"), [], [], body).set_lineno(line)

    def _mark(self, caller):
        return OPEN + caller() + CLOSE if self.environment.marks else caller()


def environment(marks=False):
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    env.marks = marks

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


PLAIN, MARKED = environment(), environment(marks=True)


def units(text):
    """Length in UTF-16 units, in which .NET counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def spans(marked):
    """The text without marks, and [start, length] of what stood between them."""
    text, found, starts = "", [], []
    for piece in marked.replace(OPEN, "\0" + OPEN).replace(CLOSE, "\0" + CLOSE).split("\0"):
        if piece[:1] == OPEN:
            starts.append(units(text))
        elif piece[:1] == CLOSE:
            start = starts.pop()
            if units(text) > start and not starts:
                found.append([start, units(text) - start])
        text += piece.lstrip(OPEN + CLOSE)
    return text, found


def cut_to_continue(text, message):
    """Ends a text behind the content of its last message, so that the model continues it."""
    content = message["content"]
    if not isinstance(content, str):
        content = next(part["text"] for part in reversed(content) if "text" in part)
    start = text.rindex(content.strip())
    kept = content.lstrip() if text[start : start + len(content.lstrip())] == content.lstrip() else content.strip()
    return text[: start + len(kept)]


def run(source, messages, tools, documents, variables, add_generation_prompt, continues=False):
    """A dictionary: text and generated, or raises (the template's words), or fails (the kind of Python's error)."""
    values = {**SPECIAL_TOKENS, **variables}
    arguments = {"messages": messages, "tools": tools, "documents": documents, "add_generation_prompt": add_generation_prompt, **values}
    try:
        text = PLAIN.from_string(source).render(**arguments)
        if continues:
            return {"text": cut_to_continue(text, messages[-1])}
        result = {"text": text}
        if "endgeneration" in source:
            unmarked, found = spans(MARKED.from_string(source).render(**arguments))
            if unmarked == text:
                result["generated"] = found
        return result
    except jinja2.exceptions.TemplateError as error:
        if type(error) is jinja2.exceptions.TemplateError:
            return {"raises": error.message}
        return {"fails": type(error).__name__}
    except Exception as error:  # whatever Python does not forgive
        return {"fails": type(error).__name__}
