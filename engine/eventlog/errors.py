"""What the writers of logs refuse."""


class EventLogError(Exception):
    """Something cannot be logged; the message says what and why."""


class ValueRefusedError(EventLogError, ValueError):
    """A value that its type cannot hold."""


class RecordTooLargeError(EventLogError):
    """A record that fits into no chunk, or a value of more than 65,535 bytes."""


class LogFullError(EventLogError):
    """A log has as many chunks as its header can count."""
