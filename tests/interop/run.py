"""Lets clients that others have written hold sessions with the simulator. The simulator is started as a program, and a
client gets the environment that it prints, evaluated by a shell, and nothing else. Usage:

    run.py --simulator PROGRAM --client NAME PROGRAM [ARGUMENT]... [--client ...]

No ARGUMENT may begin with a dash. A client prints `test CASE ... ok` or `test CASE ... FAILED` for each of its checks.
All are counted here, together with whether the client and the simulator ended in order. `cargo xtask interop` builds
the programs and starts this.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
import threading

# For the simulator to start or end, and for all of a client, on a busy machine.
SIMULATOR_LIMIT, CLIENT_LIMIT = 60, 600
LAST_VARIABLE = "export SIMULATOR_TARGET="
# Whom a client can sign in as. It learns their names from the profiles that the simulator writes.
SIGN_IN = [
    "--role", "arn:aws:iam::111111111111:role/Deployer,external-id=customer-7",
    "--role", "arn:aws:iam::222222222222:role/Breakglass,mfa",
    "--mfa", "123456",
]
CASE = re.compile(r"test (\S+) \.\.\. (ok|FAILED)$")


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def case(self, name, is_right):
        if is_right:
            self.passed += 1
        else:
            self.failed += 1
        print(f"test {name} ... {'ok' if is_right else 'FAILED'}", flush=True)


def lines_within(process, seconds):
    """The lines that a process prints. It is killed when the time is up, which ends them."""
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        yield from process.stdout
    finally:
        timer.cancel()


def start_simulator(program, environment):
    """The running simulator, and what it printed; nothing if it did not come so far."""
    profiles = ["--sign-in", os.path.join(environment["HOME"], "profiles")]
    # A plain shell, so that nobody's start-up files take part.
    command = [program, *profiles, *SIGN_IN, "--", "sh"]
    simulator = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    printed = ""
    for line in lines_within(simulator, SIMULATOR_LIMIT):
        printed += line
        if line.startswith(LAST_VARIABLE):
            return simulator, printed
    return simulator, None


def run_client(name, command, printed, environment, tally):
    evaluating = ["sh", "-c", f'{printed}exec "$@"', "sh", *command]
    print(f"{name}: {shlex.join(command)}", flush=True)
    client = subprocess.Popen(evaluating, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment, text=True)
    reported, failed = 0, 0
    for line in lines_within(client, CLIENT_LIMIT):
        found = CASE.match(line)
        if found:
            tally.case(f"{name}::{found[1]}", found[2] == "ok")
            reported += 1
            failed += found[2] != "ok"
        else:
            print(line, end="", flush=True)
    # A client that dies half-way, or runs nothing, must not look like one that was content.
    code = client.wait()
    tally.case(f"{name}::the_client_comes_to_its_end", reported > 0 and code == (1 if failed else 0))


def run(name, command, program, tally):
    with tempfile.TemporaryDirectory(prefix="interop-", ignore_cleanup_errors=True) as home:
        # What a process needs to run at all. The home is empty: no configuration of the person's takes part.
        environment = {"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8"}
        simulator, printed = start_simulator(program, environment)
        try:
            tally.case(f"{name}::the_simulator_prints_an_environment", printed is not None)
            if printed is not None:
                run_client(name, command, printed, environment, tally)
            simulator.terminate()
            try:
                code = simulator.wait(timeout=SIMULATOR_LIMIT)
            except subprocess.TimeoutExpired:
                code = None
            tally.case(f"{name}::the_simulator_ends_when_told_to", code == 0)
        finally:
            simulator.kill()
            simulator.wait()


def main():
    parser = argparse.ArgumentParser(description="Other people's clients against the simulator.")
    parser.add_argument("--simulator", required=True, metavar="PROGRAM")
    parser.add_argument("--client", required=True, action="append", nargs="+", metavar="WORD")
    arguments = parser.parse_args()
    tally = Tally()
    for name, *command in arguments.client:
        run(name, command, arguments.simulator, tally)
    print(f"{tally.passed} passed, {tally.failed} failed", flush=True)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
