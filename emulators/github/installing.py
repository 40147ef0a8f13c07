"""What becomes of an App: pinged, installed, suspended, its repositories changed. Call under `world.lock`.

Apps hear of these whether they listen to them or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators.github.model import App, Installation, Repository
from emulators.github.shapes import Json, people, repositories, stamp

if TYPE_CHECKING:
    from emulators.github.world import World


def ping(world: World, app: App) -> None:
    """What GitHub sends when an App's webhook is set up."""
    hook = {
        "type": "App",
        "id": app.hook_id,
        "name": "web",
        "active": True,
        "events": app.events,
        "config": {"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": app.webhook_url},
        "updated_at": stamp(app.created_at),
        "created_at": stamp(app.created_at),
        "app_id": app.id,
        "deliveries_url": f"{world.urls.api}/app/hook/deliveries",
    }
    payload = {"zen": "Keep it logically awesome.", "hook_id": app.hook_id, "hook": hook}
    world.webhooks.send(app, "ping", payload, installation_id=None, repository_id=None)


def install(world: World, app: App, chosen: list[Repository]) -> Installation:
    now = world.clock()
    made = Installation(world.next_id(), app, chosen[0].owner, chosen, now, now)
    world.installations[made.id] = made
    listed = {"repositories": [repositories.brief(one) for one in chosen], "requester": None}
    _tell(world, made, "installation", "created", listed)
    return made


def uninstall(world: World, one: Installation) -> None:
    del world.installations[one.id]
    _tell(world, one, "installation", "deleted", {"repositories": [repositories.brief(it) for it in one.repositories]})


def suspend(world: World, one: Installation, *, on: bool) -> None:
    one.updated_at = world.clock()
    one.suspended_at = one.updated_at if on else None
    _tell(world, one, "installation", "suspend" if on else "unsuspend", {})


def change_repositories(world: World, one: Installation, add: list[Repository], remove: list[Repository]) -> None:
    """One event for what came, one for what went."""
    one.repositories = [it for it in one.repositories if it not in remove] + add
    for action, came, went in (("added", add, []), ("removed", [], remove)):
        if came or went:
            lists = {
                "repository_selection": "selected",
                "repositories_added": [repositories.brief(it) for it in came],
                "repositories_removed": [repositories.brief(it) for it in went],
                "requester": None,
            }
            _tell(world, one, "installation_repositories", action, lists)


def _tell(world: World, one: Installation, event: str, action: str, more: Json) -> None:
    payload = {"action": action, "installation": people.installation(world.urls, one), **more}
    payload["sender"] = people.user(world.urls, one.app.owner)
    world.webhooks.send(one.app, event, payload, installation_id=one.id, repository_id=None)
