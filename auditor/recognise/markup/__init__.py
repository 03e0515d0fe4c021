"""Readers of marked-up text: Markdown, AsciiDoc, reStructuredText, HTML. One pass over the lines each, no recursion."""
