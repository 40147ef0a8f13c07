"""The App looks at itself: installations, tokens, webhook deliveries, limits.

https://docs.github.com/rest/apps
"""

from __future__ import annotations

from emulators.github import auth
from emulators.github.errors import Refusal, not_found
from emulators.github.model import App, Installation, Repository
from emulators.github.rest.call import Call, Reply, Route
from emulators.github.shapes import Json, people, repositories, stamp
from emulators.github.webhooks import Delivery


def get_app(call: Call) -> Reply:
    mine = [one for one in call.world.installations.values() if one.app is call.app]
    return Reply(200, people.app(call.urls, call.app) | {"installations_count": len(mine)})


def convert(call: Call) -> Reply:
    """Once, within the hour: the App with its keys, for whoever brings the code."""
    found = call.world.new_apps.pop(auth.digest(call.args["code"]), None)
    if found is None or found.until <= call.world.clock():
        raise not_found()
    one = found.app
    keys = {"client_secret": found.client_secret, "webhook_secret": one.webhook_secret, "pem": found.pem}
    return Reply(201, people.app(call.urls, one) | keys)


def list_installations(call: Call) -> Reply:
    mine = [one for one in call.world.installations.values() if one.app is call.app]
    return call.page(mine, lambda one: people.installation(call.urls, one))


def get_installation(call: Call) -> Reply:
    return Reply(200, people.installation(call.urls, _installation(call)))


def get_repository_installation(call: Call) -> Reply:
    for one in call.world.installations.values():
        if one.app is call.app and call.repository in one.repositories:
            return Reply(200, people.installation(call.urls, one))
    raise not_found()


def create_token(call: Call) -> Reply:
    """The only answer that ever holds the token's text."""
    one = _installation(call)
    if one.suspended_at is not None:
        raise Refusal(403, "This installation has been suspended")
    made = auth.grant(call.world, one, repositories=_chosen(call, one), permissions=call.field("permissions", dict))
    expires = made.token.expires_at
    shape: Json = {
        "token": made.text,
        "expires_at": stamp(expires) if expires else None,
        "permissions": made.token.permissions,
        "repository_selection": "selected",
    }
    if made.token.repositories is not None:
        shape["repositories"] = [repositories.repository(call.urls, it) for it in made.token.repositories]
    return Reply(201, shape)


def _installation(call: Call) -> Installation:
    found = call.world.installations.get(call.number("installation_id"))
    if found is None or found.app is not call.app:
        raise not_found()
    return found


def _chosen(call: Call, installation: Installation) -> list[Repository] | None:
    """The repositories the token is narrowed to: by name, without their owner, or by id. None when not narrowed."""
    names, ids = call.names("repositories"), call.field("repository_ids", list)
    if names is None and ids is None:
        return None
    by_name = {one.name.lower(): one for one in installation.repositories}
    by_id = {one.id: one for one in installation.repositories}
    found = [by_name.get(name.lower()) for name in names or []]
    found += [by_id.get(number) if isinstance(number, int) else None for number in ids or []]
    chosen = [one for one in found if one is not None]
    if len(chosen) < len(found):
        raise Refusal(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    return chosen or None


def list_installation_repositories(call: Call) -> Reply:
    token = call.caller.token
    held = token.installation.repositories if token and token.installation else []
    chosen = held if token is None or token.repositories is None else token.repositories
    page = call.page(chosen, lambda one: repositories.repository(call.urls, one))
    body = {"total_count": len(chosen), "repository_selection": "selected", "repositories": page.body}
    return Reply(200, body, page.headers)


def list_my_installations(call: Call) -> Reply:
    """Those of the App that was given this token, as far as the person may read something there."""
    app, login = _signed_in(call)
    mine = [one for one in call.world.installations.values() if one.app is app and _readable(one, login)]
    page = call.page(mine, lambda one: people.installation(call.urls, one))
    return Reply(200, {"total_count": len(mine), "installations": page.body}, page.headers)


def list_my_repositories(call: Call) -> Reply:
    app, login = _signed_in(call)
    one = call.world.installations.get(call.number("installation_id"))
    if one is None or one.app is not app or not (mine := _readable(one, login)):
        raise not_found()
    page = call.page(mine, lambda it: repositories.repository(call.urls, it))
    body = {"total_count": len(mine), "repository_selection": "selected", "repositories": page.body}
    return Reply(200, body, page.headers)


def _signed_in(call: Call) -> tuple[App, str]:
    token = call.caller.token
    if token is None or token.app is None or token.user is None:
        raise Refusal(403, "You must authenticate with an access token authorized to a GitHub App in order to list "
                           "installations")  # fmt: skip
    return token.app, token.user.login


def _readable(one: Installation, login: str) -> list[Repository]:
    return [it for it in one.repositories if it.may(login, "read")] if one.suspended_at is None else []


def list_deliveries(call: Call) -> Reply:
    """Newest first; the next page by `cursor`, which is the id of the last one seen."""
    text = call.query.get("cursor", "")
    size = int(call.query.get("per_page", "30")) if call.query.get("per_page", "30").isdigit() else 30
    kept = [one for one in call.world.webhooks.all(call.app) if one.status != "pending"]
    if text:
        if not text.isdigit():
            raise Refusal(422, "Invalid cursor")
        kept = [one for one in kept if one.id < int(text)]
    shown = kept[: max(1, min(size, 100))]
    link = f'<{call.root}{call.path}?per_page={size}&cursor={shown[-1].id}>; rel="next"' if shown else ""
    return Reply(200, [_brief(one) for one in shown], {"Link": link} if len(kept) > len(shown) else {})


def get_delivery(call: Call) -> Reply:
    one = _delivery(call)
    asked = {"headers": one.headers(), "payload": one.payload}
    answered = {"headers": one.answer_headers, "payload": one.answer}
    return Reply(200, _brief(one) | {"url": one.app.webhook_url, "request": asked, "response": answered})


def redeliver(call: Call) -> Reply:
    call.world.webhooks.again(_delivery(call))
    return Reply(202, {})


def _delivery(call: Call) -> Delivery:
    found = call.world.webhooks.get(call.number("delivery_id"))
    if found is None or found.app is not call.app:
        raise not_found()
    return found


def _brief(one: Delivery) -> Json:
    return {
        "id": one.id,
        "guid": one.guid,
        "delivered_at": stamp(one.delivered_at),
        "redelivery": one.redelivery,
        "duration": one.duration,
        "status": one.status,
        "status_code": one.status_code,
        "event": one.event,
        "action": one.action,
        "installation_id": one.installation_id,
        "repository_id": one.repository_id,
        "throttled_at": None,
    }


def rate_limit(call: Call) -> Reply:
    """Asking costs nothing."""
    core = call.world.limits.numbers(call.caller.name)
    return Reply(200, {"resources": {"core": core, "search": core}, "rate": core})


def get_user(call: Call) -> Reply:
    return Reply(200, people.whole_user(call.urls, call.actor.user))


def get_person(call: Call) -> Reply:
    who = call.world.users.get(call.args["username"].lower())
    if who is None:
        raise not_found()
    return Reply(200, people.whole_user(call.urls, who))


ROUTES = [
    Route("GET", "/app", get_app, by="app"),
    Route("POST", "/app-manifests/{code}/conversions", convert, by="anyone"),
    Route("GET", "/app/installations", list_installations, by="app"),
    Route("GET", "/app/installations/{installation_id}", get_installation, by="app"),
    Route("POST", "/app/installations/{installation_id}/access_tokens", create_token, by="app"),
    Route("GET", "/app/hook/deliveries", list_deliveries, by="app"),
    Route("GET", "/app/hook/deliveries/{delivery_id}", get_delivery, by="app"),
    Route("POST", "/app/hook/deliveries/{delivery_id}/attempts", redeliver, by="app"),
    Route("GET", "/repos/{owner}/{repo}/installation", get_repository_installation, by="app"),
    Route("GET", "/installation/repositories", list_installation_repositories, by="installation"),
    Route("GET", "/rate_limit", rate_limit, by="anyone"),
    Route("GET", "/user", get_user, by="user"),
    Route("GET", "/user/installations", list_my_installations, by="user"),
    Route("GET", "/user/installations/{installation_id}/repositories", list_my_repositories, by="user"),
    Route("GET", "/users/{username}", get_person, by="anyone"),
]
