"""What can go wrong between two machines."""

from engine.dpm.errors import RepositoryError
from engine.sync.wire import BrokenTransferError


class UnreachableError(BrokenTransferError):
    """There is no connection to the server."""


class UntrustedError(BrokenTransferError):
    """One side does not accept what the other shows of itself. Trying again does not help."""

    retryable = False


class NotEnrolledError(RepositoryError):
    """This machine has no identity with which it could ask a server."""


class TokenError(RepositoryError):
    """A token that enrols nobody."""
