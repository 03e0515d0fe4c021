"""The git commands of a pull: read-only, apart from the configuration of machine and user, and on objects only.

A repository is somebody else's data. None of the commands below looks at a work tree, runs a hook, a filter or an
external diff, asks for a password, follows replacement objects, or reaches the network but for the one clone.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.api import Answer, CollectContext, GapReason, Refused
from collectors.git_docs.settings import GitDocsSettings

_CLONE = "repository.git"
# What GitHub wants beside a token; GitLab, Gitea and Azure take any name, Bitbucket Cloud wants x-token-auth.
_USER_BESIDE_TOKEN = "x-access-token"  # noqa: S105  a name, no secret
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "protocol.ext.allow=never")
_QUIET: Mapping[str, str] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_COUNT": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    # No protocol at all: the missing objects of a partial clone are missing, not fetched.
    "GIT_ALLOW_PROTOCOL": "",
    "LC_ALL": "C",
}
_CLONE_FAULTS = (
    (r"\b401\b|Authentication failed|could not read (?:Username|Password)|Permission denied", GapReason.UNAUTHORISED),
    (r"\b403\b", GapReason.FORBIDDEN),
    (r"\b429\b", GapReason.RATE_LIMITED),
    (r"error: 5\d\d\b", GapReason.SERVER_ERROR),
    (r"Remote branch .* not found|\b404\b|repository '.*' not found|does not appear to be a git", None),
)


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository that commands can be run on.

    Attributes:
        git_dir: the folder of its objects; in a replay it need not exist.
        branch: the revision that is read, a branch or HEAD.
    """

    ctx: CollectContext
    git_dir: Path
    branch: str

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        allow: Sequence[int] = (0,),
        redact: Callable[[bytes], bytes] | None = None,
    ) -> Answer:
        """Run one git command.

        Raises:
            Refused: it ends with an exit code that is not in `allow`, or not in time.
        """
        # Its own folder as the current one: what is recorded names no path of this machine, and neither
        # .gitattributes nor .mailmap of a work tree can change what is printed.
        command = ["git", "--git-dir=.", "--bare", "--no-optional-locks", *_SAFE, *arguments]
        return self.ctx.command(
            command, cwd=self.git_dir, stdin=stdin, env=dict(_QUIET), redact=redact, allow=tuple(allow)
        )

    def commit_id(self) -> str | None:
        """Id of the newest commit; None where there is no such branch or no commit at all.

        Raises:
            Refused: this is no repository, or a damaged one.
        """
        answer = self.run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{self.branch}^{{commit}}", allow=(0, 1)
        )
        return answer.text().strip() if answer.status == 0 else None

    def has_branches(self) -> bool:
        """Whether there is any branch."""
        return bool(self.run("for-each-ref", "--count=1", "--format=%(refname)", "refs/heads").body.strip())

    def is_shallow(self) -> bool:
        """Whether its history was cut off when it was cloned.

        Raises:
            Refused: this is no repository.
        """
        try:
            answer = self.run("rev-parse", "--is-shallow-repository", allow=(0, 128))
        except Refused as refused:
            if refused.reason is GapReason.NOT_CONFIGURED and _NO_FOLDER in refused.detail:
                words = "there is nothing at the configured place of the repository (setting path)"
                raise Refused(GapReason.NOT_CONFIGURED, words) from refused
            raise
        if answer.status != 0:
            raise Refused(GapReason.NOT_CONFIGURED, "this is not a git repository", status=answer.status)
        return answer.body.strip() == b"true"

    def holds(self, ancestor: str, commit: str) -> bool:
        """Whether a commit is in the history of another one; one that does not exist is in none."""
        return self.run("merge-base", "--is-ancestor", ancestor, commit, allow=(0, 1, 128)).status == 0


_NO_FOLDER = "folder to run it in"
"""What the runner of programs says of a folder that is not there."""


def open_repository(ctx: CollectContext, settings: GitDocsSettings) -> Repository:
    """The configured repository: itself, or a clone of it in a private folder that ends with the pull.

    Raises:
        Refused: it cannot be cloned.
    """
    if settings.path is not None:
        return Repository(ctx, ctx.folder(_git_dir(settings.path)), settings.branch)
    scratch = ctx.scratch()
    at_branch = [] if settings.branch == "HEAD" else ["--branch", settings.branch]
    options = ["--bare", "--single-branch", "--no-tags", "--quiet", "--template=", *at_branch]
    redirects = ["-c", "http.followRedirects=false"] if settings.secret is not None else []
    command = ["git", *_SAFE, *redirects, "clone", *options, "--", settings.url, _CLONE]
    try:
        ctx.command(command, cwd=scratch, env=_clone_environment(settings))
    except Refused as refused:
        raise _clone_refused(refused, settings) from refused
    return Repository(ctx, scratch / _CLONE, "HEAD")


def _git_dir(path: Path) -> Path:
    """Where a repository keeps its objects: `.git`, what a file `.git` of a linked work tree names, or itself."""
    inner = path / ".git"
    try:
        if inner.is_file():
            return (path / inner.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
        return inner if inner.exists() else path
    except (OSError, UnicodeDecodeError):
        return inner


def _clone_environment(settings: GitDocsSettings) -> dict[str, str]:
    scheme = settings.url.partition(":")[0]
    environment = {**_QUIET, "GIT_ALLOW_PROTOCOL": scheme, "GIT_SSH_COMMAND": "ssh -oBatchMode=yes"}
    if settings.ca_file is not None:
        environment["GIT_SSL_CAINFO"] = str(settings.ca_file)
    configured = {"http.lowSpeedLimit": "1", "http.lowSpeedTime": str(math.ceil(settings.timeout_s))}
    if settings.proxy is not None:
        configured["http.proxy"] = settings.proxy
    if settings.secret is not None:
        pair = f"{settings.username or _USER_BESIDE_TOKEN}:{settings.secret}"
        configured["http.extraHeader"] = f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}"
    environment["GIT_CONFIG_COUNT"] = str(len(configured))
    for number, (name, value) in enumerate(configured.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return environment


def _clone_refused(refused: Refused, settings: GitDocsSettings) -> Refused:
    """The reason behind a clone that failed, from what git said."""
    if refused.status is None:
        return refused
    reason, detail = GapReason.UNREACHABLE, "the repository cannot be cloned"
    for pattern, meaning in _CLONE_FAULTS:
        if re.search(pattern, refused.detail):
            reason = meaning or GapReason.NOT_CONFIGURED
            break
    if reason is GapReason.UNAUTHORISED:
        given = "the token was refused" if settings.secret is not None else "no token is configured"
        detail = f"{detail}: it asks for credentials ({given})"
    elif reason is GapReason.NOT_CONFIGURED:
        detail = f"{detail}: there is no such repository or branch"
    return Refused(reason, f"{detail}; git says: {refused.detail}", place=settings.url, status=refused.status)


def reach(ctx: CollectContext, settings: GitDocsSettings) -> str | None:
    """Id of the newest commit as the remote repository says; None where it has no such branch or no commit.

    Raises:
        Refused: it cannot be reached.
    """
    redirects = ["-c", "http.followRedirects=false"] if settings.secret is not None else []
    command = ["git", *_SAFE, *redirects, "ls-remote", "--quiet", "--", settings.url, settings.branch]
    try:
        answer = ctx.command(command, cwd=ctx.scratch(), env=_clone_environment(settings))
    except Refused as refused:
        raise _clone_refused(refused, settings) from refused
    words = answer.text().split()
    return words[0] if words else None
