"""Writes tests/Fixtures/chat/vectors.jsonl and snippets.jsonl: what Jinja makes of our templates. See README.md in this folder."""
import json
import pathlib

import reference
from snippets import CONTEXT, SNIPPETS

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests" / "Fixtures" / "chat"


def line(value):
    return json.dumps(value, ensure_ascii=False) + "\n"


def read(name):
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def vectors(templates, conversations, catalogues):
    """One line a template and conversation: its text without the generation prompt ("closed"), and with it ("open")."""
    for name, source in templates.items():
        for title, conversation in conversations.items():
            tools = conversation.get("tools")
            if isinstance(tools, str):
                tools = catalogues[tools]
            rest = (conversation["messages"], tools, conversation.get("documents"), conversation.get("variables", {}))
            if conversation.get("continue") and not name.startswith("constructs/"):
                yield {"template": name, "conversation": title, "continued": reference.run(source, *rest, False, continues=True)}
                continue
            closed, opened = (reference.run(source, *rest, prompt) for prompt in (False, True))
            if "text" in closed and opened.get("text", "").startswith(closed["text"]) and closed.get("generated") == opened.get("generated"):
                opened = {"adds": opened["text"][len(closed["text"]) :]}
            yield {"template": name, "conversation": title, "closed": closed, "open": opened}


def main():
    folder = FOLDER / "templates"
    files = sorted(folder.rglob("*.jinja"))
    templates = {file.relative_to(folder).with_suffix("").as_posix(): file.read_text(encoding="utf-8") for file in files}
    with open(FOLDER / "vectors.jsonl", "w", encoding="utf-8", newline="\n") as out:
        out.writelines(line(vector) for vector in vectors(templates, read("conversations.json"), read("tools.json")))
    with open(FOLDER / "snippets.jsonl", "w", encoding="utf-8", newline="\n") as out:
        out.write(line(CONTEXT))
        for source in SNIPPETS:
            found = reference.run(source, CONTEXT["messages"], CONTEXT["tools"], None, CONTEXT["variables"], True)
            if " at 0x" not in found.get("text", ""):  # an address in memory, which no two runs share
                out.write(line({"source": source, **found}))


if __name__ == "__main__":
    main()
