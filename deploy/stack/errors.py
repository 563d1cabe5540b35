"""What can go wrong with the local stack."""


class StackError(Exception):
    """The local stack can't be installed or started; the message says why and what to do."""
