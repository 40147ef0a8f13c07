"""The requests about machines: https://fly.io/docs/machines/api/machines-resource/."""

from __future__ import annotations

import base64
import secrets
import time

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from emulators.fly.errors import ApiError
from emulators.fly.machine import REMOVABLE, SETTLED, WAITABLE, FlyMachine, Lease
from emulators.fly.reading import flag, json_body, number
from emulators.fly.validation import check_signal, parse_create, seconds
from emulators.fly.world import World

NONCE = "fly-machine-lease-nonce"
MAX_WAIT = 60


def create(world: World, app: str) -> ResponseReturnValue:
    """The answer shows the machine as created; it starts afterwards."""
    wanted = parse_create(json_body())
    with world.changed:
        machine = world.add(app, wanted)
        answer = jsonify(machine.describe())
        if not wanted.skip_launch:
            world.life(machine).start()
    return answer


def list_machines(world: World, app: str) -> ResponseReturnValue:
    """Filters first, then pages; a page may be short while more remain, and the cursor says so."""
    query = request.args
    youngest = world.clock() - world.faults.list_lag
    with world.changed:
        every = world.machines(app, deleted=flag("include_deleted"))
        found = [m for m in every if _matches(m) and (not world.faults.list_lag or m.created_at <= youngest)]
        start, limit = _cursor(query.get("cursor"), world.clock()), number("limit", 1, 1000)
        page = found[start : start + limit] if limit else found
        answer = jsonify([machine.describe(summary=flag("summary")) for machine in page])
    if limit and start + limit < len(found):
        issued = world.clock() if not start else _issued(query["cursor"])
        answer.headers["fly-next-cursor"] = base64.urlsafe_b64encode(f"{start + limit}:{issued}".encode()).decode()
    return answer


def get(world: World, machine: FlyMachine) -> ResponseReturnValue:
    with world.changed:
        return jsonify(machine.describe())


def start(world: World, machine: FlyMachine) -> ResponseReturnValue:
    return jsonify(previous_state=world.life(machine).start(), migrated=False, new_host="")


def stop(world: World, machine: FlyMachine) -> ResponseReturnValue:
    body = json_body(optional=True)
    default = machine.config.get("stop_config") or {}
    signal = check_signal(body.get("signal") or default.get("signal") or "SIGINT")
    timeout = seconds(body.get("timeout") or default.get("timeout") or 5)
    world.life(machine).stop(signal, timeout)
    return jsonify(ok=True)


def destroy(world: World, machine: FlyMachine) -> ResponseReturnValue:
    with world.changed:
        if machine.state == "destroyed":
            raise ApiError(404, f"not_found: machine {machine.id} not found")
        if machine.state not in REMOVABLE and not flag("force"):
            raise ApiError(412, "failed_precondition: unable to destroy machine, not currently stopped or suspended")
    world.life(machine).destroy()
    return jsonify(ok=True)


def signal(world: World, machine: FlyMachine) -> ResponseReturnValue:
    world.life(machine).signal(check_signal(json_body().get("signal")))
    return jsonify(ok=True)


def events(world: World, machine: FlyMachine) -> ResponseReturnValue:
    limit = number("limit", 1, 50) or 20
    with world.changed:
        return jsonify(machine.events[:limit])


def wait(world: World, machine: FlyMachine) -> ResponseReturnValue:
    """Block until the state is one of those asked for; a minute at most."""
    wanted = [state for part in request.args.getlist("state") for state in part.split(",")] or ["started"]
    for state in wanted:
        if state not in WAITABLE:
            raise ApiError(400, f"invalid_argument: unknown state {state!r}; use one of {', '.join(WAITABLE)}")
    wanted += SETTLED if "settled" in wanted else ()
    until = time.monotonic() + (number("timeout", 1, MAX_WAIT) or MAX_WAIT)
    with world.changed:
        while machine.state not in wanted:
            left = until - time.monotonic()
            if left <= 0:
                missed = f"machine failed to reach desired state, {','.join(wanted)}, currently {machine.state}"
                raise ApiError(408, f"deadline_exceeded: {missed}")
            world.changed.wait(left)
        return jsonify(ok=True, state=machine.state, version=machine.version, event_id=machine.events[0]["id"])


def read_metadata(_: World, machine: FlyMachine) -> ResponseReturnValue:
    return jsonify(machine.metadata)


def patch_metadata(world: World, machine: FlyMachine) -> ResponseReturnValue:
    """Null and empty values remove a key; keys not named stay."""
    body = json_body()
    changes = body.get("metadata")
    if not isinstance(changes, dict) or not all(isinstance(v, str | None) for v in changes.values()):
        raise ApiError(400, "invalid_argument: metadata must be an object of strings")
    with world.changed:
        if body.get("machine_version") not in (None, machine.version):
            raise ApiError(412, "failed_precondition: the machine version has changed")
        kept = {**machine.metadata, **changes}
        machine.config["metadata"] = {key: value for key, value in kept.items() if value}
    return Response(status=204)


def set_metadata(world: World, machine: FlyMachine, key: str) -> ResponseReturnValue:
    value = json_body().get("value")
    if not isinstance(value, str):
        raise ApiError(400, "invalid_argument: value must be a string")
    with world.changed:
        machine.metadata[key] = value
    return Response(status=204)


def remove_metadata(world: World, machine: FlyMachine, key: str) -> ResponseReturnValue:
    with world.changed:
        machine.metadata.pop(key, None)
    return Response(status=204)


def lease(world: World, machine: FlyMachine) -> ResponseReturnValue:
    """Take the lease, or prolong it with its nonce."""
    body, now = json_body(optional=True), world.clock()
    with world.changed:
        check_lease(machine, now)
        ttl = body.get("ttl") or 60
        if not isinstance(ttl, int) or ttl < 1:
            raise ApiError(400, "invalid_argument: ttl must be a number of seconds")
        nonce = request.headers.get(NONCE) or secrets.token_hex(6)
        machine.lease = Lease(nonce, now + ttl, str(body.get("description", "")))
    return _lease_json(machine.lease), 201


def read_lease(world: World, machine: FlyMachine) -> ResponseReturnValue:
    if machine.lease is None or machine.lease.expires_at <= world.clock():
        raise ApiError(404, "not_found: the machine has no lease")
    return _lease_json(machine.lease)


def release_lease(world: World, machine: FlyMachine) -> ResponseReturnValue:
    with world.changed:
        check_lease(machine, world.clock())
        machine.lease = None
    return jsonify(ok=True)


def check_lease(machine: FlyMachine, now: float) -> None:
    """Raises ApiError when somebody else holds the machine."""
    held = machine.lease
    if held and held.expires_at > now and not secrets.compare_digest(held.nonce, request.headers.get(NONCE, "")):
        raise ApiError(409, "aborted: the machine is leased; wait or present its nonce")


def _lease_json(held: Lease) -> Response:
    return jsonify(nonce=held.nonce, expires_at=int(held.expires_at), description=held.description, owner="emulator")


def _matches(machine: FlyMachine) -> bool:
    query = request.args
    states = query.get("state")
    marks = {key.removeprefix("metadata."): value for key, value in query.items() if key.startswith("metadata.")}
    return (
        (not states or machine.state in states.split(","))
        and machine.region == query.get("region", machine.region)
        and all(machine.metadata.get(key) == value for key, value in marks.items())
    )


def _cursor(text: str | None, now: float) -> int:
    """Where the next page begins. A cursor lives 30 minutes and needs a limit."""
    if text is None:
        return 0
    if "limit" not in request.args or now - _issued(text) > 1800:
        raise ApiError(400, "invalid_argument: a cursor needs a limit and lives 30 minutes")
    return int(base64.urlsafe_b64decode(text).decode().split(":")[0])


def _issued(cursor: str) -> float:
    try:
        return float(base64.urlsafe_b64decode(cursor).decode().split(":")[1])
    except (ValueError, IndexError) as error:
        raise ApiError(400, "invalid_argument: the cursor is not one of ours") from error
