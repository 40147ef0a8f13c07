"""The root of everything `jobs` may raise."""


class JobError(Exception):
    """Something about carrying out a task went wrong; the message is for people."""
