"""The demo world: one small repository with a mistake in it, three people, three issues, and the App."""

from __future__ import annotations

from emulators.github.config import Config
from emulators.github.model import Repository
from emulators.github.world import World

README = """# greeter

A very small program with very good manners. It says hello, and that is all it does.

```
$ python greeter.py
Helo, world
$ python greeter.py Ada
Helo, Ada
```

It has no dependencies and no opinions. Run the tests with `python -m unittest`.
"""

AGENTS = """# For agents that work here

- Plain Python, standard library only.
- The whole program is `greeter.py`; its tests are in `test_greeter.py`. Run them with `python -m unittest`.
- What the program prints is shown in `README.md`; keep the two the same.
- Small changes. One thought per commit.
"""

GREETER = '''"""Greets whoever asks."""

import sys

GREETING = "Helo"


def greet(name: str = "world") -> str:
    """The greeting, without a newline."""
    return f"{GREETING}, {name}"


if __name__ == "__main__":
    print(greet(*sys.argv[1:2]))
'''

TESTS = '''"""Good manners, checked."""

import unittest

from greeter import greet


class Manners(unittest.TestCase):
    def test_it_greets_the_world(self) -> None:
        self.assertTrue(greet().endswith(", world"))

    def test_it_greets_people_by_name(self) -> None:
        self.assertTrue(greet("Ada").endswith(", Ada"))


if __name__ == "__main__":
    unittest.main()
'''

FILES = {"README.md": README, "AGENTS.md": AGENTS, "greeter.py": GREETER, "test_greeter.py": TESTS}

ISSUES = (
    (
        "maria",
        "The greeting says Helo",
        'The program greets everyone with "Helo". It should say "Hello", in the README too.',
        ["bug"],
    ),
    (
        "tom",
        "Say good night after ten in the evening",
        "My grandmother runs this before she goes to bed, and it greets her as if the day had just begun.\n\n"
        "After 22:00 the greeting should be `Good night` instead. The time of the machine is good enough.",
        ["enhancement"],
    ),
    (
        "eve",
        "The README does not say which Python I need",
        "I tried it with an old Python and got a syntax error. A line in the README about the version would have "
        "saved me ten minutes.",
        ["documentation", "good first issue"],
    ),
)


def demo(world: World, config: Config) -> Repository:
    """Fills an empty world. The issues are older than the App, so that starting the demo sends no webhook for them."""
    world.limits.content_per_minute = config.content_per_minute
    for login, name in (("maria", "Maria Lindqvist"), ("tom", "Tom Okafor"), ("eve", "Eve Marchetti")):
        world.add_user(login, name)
    world.add_user("acme", "Acme", kind="Organization")
    greeter = world.add_repository(
        "acme/greeter",
        FILES,
        collaborators={"maria": "admin", "tom": "write"},
        description="A very small program with very good manners.",
    )
    for login, title, body, labels in ISSUES:
        world.add_issue(greeter, login, title, body, labels)
    app = world.add_app(
        config.slug,
        config.app_id,
        config.app_public_key,
        config.webhook_url,
        config.webhook_secret,
        config.permissions,
        config.events,
        owner="maria",
    )
    world.install(app, [greeter])
    return greeter
