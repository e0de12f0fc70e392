#!/usr/bin/env python3
"""Lets clients that others have written hold sessions with the simulator, started as a program and known to them by the
environment it prints. Usage:

    python3 tests/interop/run.py [--only python|rust] [--simulator PROGRAM]

Needs cargo, Python 3.10 with venv, a C compiler, pkg-config and OpenSSL's headers. What it installs and builds is under
the cargo target directory. Exits with 0 if every client was content.
"""

import argparse
import hashlib
import os
import pathlib
import shlex
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET_DIR = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).absolute()
# What a process needs to run at all; everything else of ours stays away from the clients.
INHERITED = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "SystemRoot", "TMPDIR")
LIMIT = 180


def run(*command, **options):
    print("$", shlex.join(str(word) for word in command), flush=True)
    subprocess.run([str(word) for word in command], check=True, **options)


def simulator_program():
    run("cargo", "build", "--locked", "--package", "simulator", cwd=ROOT)
    return TARGET_DIR / "debug" / "simulator"


def python_client():
    """The interpreter of a virtual environment with exactly the pinned packages."""
    venv = TARGET_DIR / "interop-venv"
    python = venv / "bin" / "python"
    requirements = HERE / "requirements.txt"
    stamp, digest = venv / "requirements.sha256", hashlib.sha256(requirements.read_bytes()).hexdigest()
    if not (python.exists() and stamp.exists() and stamp.read_text() == digest):
        run(sys.executable, "-m", "venv", "--clear", venv)
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--only-binary", ":all:", "--require-hashes", "--requirement", requirements)
        stamp.write_text(digest)
    return [python, HERE / "client.py"]


def rust_client():
    target_dir = TARGET_DIR / "interop"
    run("cargo", "build", "--locked", "--manifest-path", HERE / "Cargo.toml", "--target-dir", target_dir)
    return [target_dir / "debug" / "interop"]


class Simulator:
    """The program, with the environment it printed."""

    def __init__(self, program):
        base = {name: os.environ[name] for name in INHERITED if name in os.environ}
        # A plain shell, so that nobody's start-up files take part.
        command = [str(program), "--", "sh"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=base, text=True)
        self.environment = dict(base, AWS_EC2_METADATA_DISABLED="true")
        for line in self.process.stdout:
            if line.startswith("export "):
                assignment, = shlex.split(line.removeprefix("export ").rstrip(";\n"))
                name, value = assignment.split("=", 1)
                self.environment[name] = value
                if name == "SIMULATOR_TARGET":
                    return
        raise SystemExit("the simulator did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        if self.process.wait(timeout=10) != 0:
            raise SystemExit(f"the simulator ended with {self.process.returncode}")


def main():
    parser = argparse.ArgumentParser(description="Other people's clients against the simulator.")
    parser.add_argument("--only", choices=("python", "rust"))
    parser.add_argument("--simulator", type=pathlib.Path, help="the program, instead of building it")
    arguments = parser.parse_args()
    clients = {"python": python_client, "rust": rust_client}
    chosen = [arguments.only] if arguments.only else list(clients)

    program = arguments.simulator or simulator_program()
    failed = []
    for name in chosen:
        command = clients[name]()
        with Simulator(program) as simulator:
            print(f"{name} client", flush=True)
            started = time.monotonic()
            try:
                subprocess.run([str(word) for word in command], env=simulator.environment, check=True, timeout=LIMIT)
                print(f"{name} client: passed in {time.monotonic() - started:.1f} s", flush=True)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                print(f"{name} client: {error}", file=sys.stderr, flush=True)
                failed.append(name)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as failure:
        sys.exit(f"failed: {failure}")
