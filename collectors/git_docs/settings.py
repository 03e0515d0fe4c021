"""Settings of the `git_docs` collector: one source is one repository."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from auditor.api import LiveSettings

_BRANCH = re.compile(r"[A-Za-z0-9_][\w./+-]*", re.ASCII)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

DOCUMENTS = tuple(f"**/*.{ending}" for ending in ("md", "markdown", "adoc", "asciidoc", "rst", "html", "htm", "txt"))
"""Files that are documents unless the settings say otherwise."""


class GitDocsSettings(LiveSettings):
    """Which repository, which of its files are documents, and how far back."""

    url: str = Field(
        default="", description="A repository to clone for each pull, https:// or ssh://; without credentials."
    )
    path: Path | None = Field(default=None, description="A repository on this machine; give this or `url`.")
    branch: str = Field(default="HEAD", description="Branch whose documents are in force; HEAD: the one checked out.")
    include: tuple[str, ...] = Field(
        default=DOCUMENTS, min_length=1, description="Globs of the documents, from the root; `**` crosses folders."
    )
    exclude: tuple[str, ...] = Field(
        default=("**/node_modules/**", "**/vendor/**"), description="Globs of files that are no documents."
    )
    web_url: str | None = Field(
        default=None,
        description="Address of the repository's pages, for links: `<web_url>/blob/<branch>/<path>`, "
        "`<web_url>/commit/<id>`.",
    )
    bots: tuple[str, ...] = Field(
        default=("bot", "dependabot", "renovate", "github-actions", "gitlab-ci", "jenkins"),
        description="Words that make an author a bot, in its name or before the @ of its e-mail address.",
    )
    history_days: int = Field(default=730, ge=1, description="Days before the audit that revisions are read of.")
    max_document_kb: int = Field(default=2048, ge=1, description="Largest document that is read, in kB.")

    @field_validator("branch")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not _BRANCH.fullmatch(name) or ".." in name:
            raise ValueError(f"{name!r} is not the name of a branch")
        return name

    @field_validator("url")
    @classmethod
    def _safe_address(cls, url: str) -> str:
        if not url:
            return url
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise ValueError("the URL cannot be read") from error
        if parts.password is not None or (parts.username is not None and parts.scheme != "ssh"):
            raise ValueError("the URL holds credentials; give a token by reference instead")
        local = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if not parts.hostname or not (local or parts.scheme in ("https", "ssh")):
            raise ValueError("the URL is not one of https:// or ssh:// (write git@host:path as ssh://git@host/path)")
        return url

    @model_validator(mode="after")
    def _one_repository(self) -> Self:
        if (self.path is None) == (not self.url):
            raise ValueError("give either `path` or `url`")
        if self.secret is not None and not self.url.startswith("http"):
            raise ValueError("a token or password is for an https:// URL only")
        return self

    @property
    def secret(self) -> str | None:
        """The token, else the password."""
        given = self.token or self.password
        return None if given is None else given.get_secret_value()
