"""The life of one machine: started, watched, restarted when its policy says so, ended."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from emulators.fly.errors import ApiError
from emulators.fly.machine import FlyMachine
from emulators.fly.process import Guest

if TYPE_CHECKING:
    from emulators.fly.world import World

RESTART_PAUSE = 0.05  # seconds; Fly backs off longer, which would only slow tests down


class Lifetime:
    """Runs a machine's processes on a thread of its own. Every change of the machine happens under `world.changed`."""

    def __init__(self, world: World, machine: FlyMachine) -> None:
        self._world, self._machine = world, machine
        self._guest: Guest | None = None
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()

    def start(self) -> str:
        """Boot; returns the state it was in. Raises ApiError when it runs already or is gone."""
        with self._world.changed:
            was = self._machine.state
            if was not in ("created", "stopped", "suspended", "failed"):
                raise ApiError(412, f"failed_precondition: unable to start machine from current state: '{was}'")
            self._machine.requested_stop, self._machine.oom, self._machine.restarts = False, False, 0
            self._ending.clear()
            self._move("starting", "start", source="user")
            self._thread = threading.Thread(target=self._live, name=f"machine-{self._machine.id}", daemon=True)
            self._thread.start()
            return was

    def stop(self, signal: str, timeout: float) -> None:
        """Send the signal, and kill what is left after `timeout` seconds. A machine that does not run is fine."""
        with self._world.changed:
            if self._machine.state not in ("starting", "started"):
                return
            self._machine.requested_stop = True
            self._ending.set()
            self._move("stopping", "stop", source="user")
            guest = self._guest
        if guest:
            guest.send(signal)
            killer = threading.Timer(timeout, self._kill_if, [guest])
            killer.daemon = True
            killer.start()

    def signal(self, name: str) -> None:
        """Raises ApiError when nothing runs that could hear it."""
        guest = self._guest
        if guest is None:
            raise ApiError(412, "failed_precondition: the machine is not running")
        guest.send(name)

    def end(self) -> None:
        """Kill the whole tree, now, and wait until it is dead."""
        with self._world.changed:
            self._machine.requested_stop = True
            self._ending.set()
            guest, thread = self._guest, self._thread
        if guest:
            guest.kill()
        if thread and thread is not threading.current_thread():
            thread.join(timeout=5.0)

    def destroy(self) -> None:
        """End it and let it be gone; its name is free from now on."""
        with self._world.changed:
            self._move("destroying", "destroy", source="user")
        self.end()
        with self._world.changed:
            self._move("destroyed", "destroy")

    def _live(self) -> None:
        self._ending.wait(self._world.config.boot_seconds)
        while self._boot():
            code = self._guest.wait() if self._guest else 0
            if not self._ended(code):
                return
            self._ending.wait(RESTART_PAUSE)

    def _boot(self) -> bool:
        """Start the processes, unless somebody asked the machine to end before it could."""
        world, machine = self._world, self._machine
        with world.changed:
            if self._ending.is_set():
                if machine.state == "stopping":
                    self._move("stopped", "stop")
                return False
            own = {"FLY_MACHINE_ID": machine.id, "FLY_APP_NAME": machine.app, "FLY_REGION": machine.region}
            env = {**machine.config["env"], **own}
            self._guest = Guest(world.runner_argv, env, world.directory / machine.id)
            self._move("started", "start")
            return True

    def _ended(self, code: int) -> bool:
        """Write the exit down; True when the machine starts again."""
        machine = self._machine
        with self._world.changed:
            self._guest = None
            again = machine.should_restart(code)
            now, shape = self._world.clock(), self._world.config.exit_shape
            request = machine.exit_request(code, now, restarting=again, shape=shape)
            leaving = machine.state == "destroying"
            self._move("destroying" if leaving else "stopped", "exit", request=request)
            if again:
                machine.restarts += 1
                self._move("starting", "restart")
            elif machine.config.get("auto_destroy") and not leaving:
                self._move("destroyed", "destroy")
            return again

    def _kill_if(self, guest: Guest) -> None:
        if self._guest is guest:
            guest.kill()

    def _move(self, state: str, event: str, *, source: str = "flyd", request: object = None) -> None:
        self._machine.move(state, event, self._world.clock(), source=source, request=request)
        self._world.changed.notify_all()
