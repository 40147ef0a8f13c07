"""`python -m worker`: the machine's program. It asks Porter for its job, does it, reports, and ends.

Exit status: 0 when Porter accepted the result, whatever it was; 1 when the result could not be delivered (by hand: or
the run failed); 2 when there was nothing to do: bad variables, or Porter gives no job.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time

from worker import environment, isolation
from worker.alone import Alone
from worker.contract import Ending, Result
from worker.desk import Orders
from worker.environment import ByHand, FromPorter
from worker.errors import BadEnvironment, Cancelled, JobRefused, PorterAway, RunOver, WorkerError
from worker.masking import Mask
from worker.porter_client import PATIENCE, PorterClient
from worker.reporter import Reporter
from worker.runner import Runner

HELP = """\
The program of a Porter machine. Porter starts it with PORTER_URL, TASK_ID, RUN_ID and CALLBACK_TOKEN.

To try it by hand, without Porter, against a local bare repository:

  cd "$(mktemp -d)" && git init --quiet --bare -b main try.git && git clone --quiet try.git work
  echo 'print("Helo")' > work/hello.py && git -C work add .
  git -C work -c user.name=You -c user.email=you@example.com commit --quiet -m first
  git -C work push --quiet origin HEAD:main
  env TASK_ID=1 AGENT=mock PROMPT='replace "Helo" with "Hello"' \\
      REPO_CLONE_URL="file://$PWD/try.git" python -m worker
  git -C try.git show porter/1

The log goes to standard error, the result to standard output as one line of JSON. The exit status is 0 when the run
ended well. With Porter it is 0 when the result was accepted, whatever it was; 1 when it could not be delivered; 2 when
there was nothing to do.

Variables then: TASK_ID, AGENT, PROMPT, and REPO_CLONE_URL, or REPO_FULL_NAME with GITHUB_TOKEN; optional BRANCH_NAME,
BASE_BRANCH, MODEL, CALLBACK_URL with CALLBACK_TOKEN (the result is posted there), the agent's key (ANTHROPIC_API_KEY).
"""

STOPPING = (signal.SIGTERM, signal.SIGINT)


def main() -> int:
    """Run once; returns the exit status."""
    argparse.ArgumentParser(
        prog="python -m worker", description=HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    started = time.monotonic()
    _hold_signals()
    given = isolation.take_environment(environment.HARMLESS)
    isolation.harden()
    try:
        start = environment.read(given)
        return _by_hand(start, started) if isinstance(start, ByHand) else _for_porter(start, started)
    except (BadEnvironment, JobRefused) as error:
        return _say(str(error), 2)
    except RunOver as error:
        return _say(f"{error}; nothing more to do", 0)
    except WorkerError as error:
        return _say(str(error), 1)


def _for_porter(start: FromPorter, started: float) -> int:
    orders, mask = _orders(), Mask([start.token])
    patience = environment.seconds(os.environ, "PORTER_WORKER_PATIENCE", PATIENCE)
    porter = PorterClient(start.url, start.run_id, start.token, orders, patience=patience)
    try:
        job = porter.job()
    except PorterAway as error:
        raise JobRefused(f"{error}, for {patience:.0f} s") from error
    except Cancelled as order:
        raise JobRefused(f"stopped before there was a job: {order}") from order
    desk = Reporter(porter, mask, orders, patience=patience)
    desk.start()
    try:
        result = Runner(job, desk, orders, mask, isolation.agent_user(os.environ), started).run()
    except Exception as error:
        if not isinstance(error, WorkerError):
            desk.finish(Result(Ending.CRASHED, f"The runner itself failed ({type(error).__name__}); this is a bug."))
        raise
    return 0 if desk.finish(result) else 1


def _by_hand(start: ByHand, started: float) -> int:
    orders, mask = _orders(), Mask([start.callback_token])
    desk = Alone(start, mask)
    result = Runner(start.job, desk, orders, mask, isolation.agent_user(os.environ), started).run()
    return 0 if desk.finish(result) else 1


def _hold_signals() -> None:
    """Until somebody listens they wait: to PID 1 a signal without a handler is lost (signal(7), pid_namespaces(7))."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)


def _orders() -> Orders:
    """Signals give the order to stop."""
    orders = Orders()
    for number in STOPPING:
        signal.signal(number, lambda *_: orders.cancel("the machine is being stopped", hurry=True))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
    return orders


def _say(text: str, status: int) -> int:
    print(f"porter worker: {text}", file=sys.stderr)  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main())
