"""Tests make a thousand applications where Porter makes one: what is the same in each is worked out once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from flask_openapi3 import utils
from joserfc.jwk import RSAKey
from werkzeug.routing import Rule


def make_cheap() -> None:
    """Two thirds of what an application costs are the JSON schemas of its models, drawn up anew for each route, and for
    each route two functions that build its address, which hardly a test asks for; and there is the App's key."""
    utils.get_model_schema = cache(utils.get_model_schema)  # its callers only read it
    RSAKey.import_key = cache(RSAKey.import_key)  # OpenSSL tries whether the numbers are primes

    compile_builder = Rule._compile_builder

    def when_first_called(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        builder = cache(lambda: compile_builder(rule, append_unknown))
        return lambda rule, **values: builder()(rule, **values)

    Rule._compile_builder = when_first_called  # type: ignore[assignment]
