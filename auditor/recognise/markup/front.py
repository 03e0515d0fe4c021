"""Front matter: the fields between two `---` lines at the top of a text.

Read line by line as `key: value` with plain lists; nested maps are passed over. No YAML parser reads it, since the
text may be hostile (aliases that multiply, nesting without end).
"""

from __future__ import annotations

from auditor.recognise.markup.pieces import Builder

_MAX_LINES = 300
_FENCES = ("---", "...")


def read_front(lines: list[str], builder: Builder) -> int:
    """Read the front matter of a text into the builder.

    Returns:
        Number of lines it takes, its fences included; 0 where there is none.
    """
    if not lines or lines[0].rstrip() != "---":
        return 0
    end = next((i for i, line in enumerate(lines[1:_MAX_LINES], 1) if line.rstrip() in _FENCES), None)
    if end is None:
        return 0
    key, key_line = "", 0
    entries: list[str] = []
    for index in range(1, end):
        line = lines[index].rstrip()
        stripped = line.strip()
        if stripped.startswith("- ") and key:
            entries.append(unquoted(stripped[2:]))
        elif line[:1] not in {"", " ", "\t", "#", "-"} and ":" in line:
            builder.put_front(key, entries, key_line)
            name, _, value = line.partition(":")
            key, entries, key_line = name, values_of(value), index + 1
    builder.put_front(key, entries, key_line)
    return end + 1


def values_of(text: str) -> list[str]:
    """The entries of a value: of `[a, b]` each, else the value itself; none for an empty one."""
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        return [entry for part in text[1:-1].split(",") if (entry := unquoted(part))]
    value = unquoted(text)
    return [value] if value and value not in {"null", "~", "|", ">"} else []


def unquoted(text: str) -> str:
    """A value without its quotes, or without the comment after it."""
    text = text.strip()
    if len(text) >= 2 and text[0] in "'\"" and text[0] == text[-1]:
        return text[1:-1].strip()
    return text.split(" #", 1)[0].strip()
