"""The one error tree. A message says where, what was found, what is allowed and the nearest fix."""


class OffkeyError(Exception):
    """Anything offkey raises on purpose; `exit_code` is what a command ends with."""

    exit_code = 5


class ConfigError(OffkeyError):
    """The user's file or flags are not acceptable; the message starts with file:line:column where there is a file."""

    exit_code = 2


class MissingLibrary(ConfigError):
    """A kind was chosen that needs a library which is not installed."""


class UnknownPlugin(ConfigError):
    """No plug-in has that name."""


class SourceError(OffkeyError):
    """A source gave no usable answer; `reason` is a label value for counters."""

    exit_code = 4
    reason = "source"


class SourceDown(SourceError):
    """The source cannot be reached, is too slow or answers 5xx: nothing is known about the series."""

    reason = "down"


class QueryRejected(SourceError):
    """The source is up and refuses this one query (400, 422): other queries are not affected."""

    reason = "rejected"


class BadResponse(SourceError):
    """The answer is not what the API promises (truncated, not JSON, too large, a redirect)."""

    reason = "bad_response"


class WorkersLost(OffkeyError):
    """Processes that were to help ended, or cannot be reached; what they were doing is done again."""

    exit_code = 4


class StateError(OffkeyError):
    """Stored state cannot be read or written; nothing that was good is lost."""


class RuleError(OffkeyError):
    """A rule file would be wrong, or would overwrite what a person changed; nothing was written."""

    exit_code = 1


class ProgramFailed(OffkeyError):
    """Another program that is needed is missing, does not start, or ended too early."""
