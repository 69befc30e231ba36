#!/usr/bin/env python3
"""Times lacre against the real sops on the same files, in pairs, and prints ratios.

Usage: run.py [--runs N] [--only WORD] [--lacre PATH] [--sops PATH]

Every row is the median of N paired runs (one of each, in turn) by the monotonic clock, and the peak resident memory
of one run more by time(1). Files are made anew, with throw-away keys, in a temporary folder. Nothing here decides a test.
"""
import argparse
import json
import os
import pathlib
import secrets as secrets_module
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import history
import in_git

TIME = "/usr/bin/time"
ROOT = pathlib.Path(__file__).resolve().parents[2]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="rows whose name holds this word")
    parser.add_argument("--lacre", default=str(ROOT / "target/release/lacre"))
    parser.add_argument("--sops", default=os.environ.get("SOPS_BINARY") or shutil.which("sops"))
    return parser.parse_args()


def measure(command, env, cwd):
    """Seconds of one run; its output is thrown away."""
    start = time.monotonic()
    done = subprocess.run(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE)
    seconds = time.monotonic() - start
    if done.returncode != 0:
        sys.exit(f"{command} failed: {done.stderr.decode()}")
    return seconds


def peak(command, env, cwd):
    """MiB of one run more, or None. By time(1): a child of Python counts Python's own pages as its peak."""
    if not os.access(TIME, os.X_OK):
        return None
    with tempfile.NamedTemporaryFile("r") as report:
        subprocess.run([TIME, "-f", "%M", "-o", report.name, *command], env=env, cwd=cwd, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return int(report.read()) / 1024


def dotenv(count):
    return "".join(f"NAME_{i:06}=value-{i:06}-of-some-length\n" for i in range(count))


def yaml(count):
    groups = []
    for group in range(count // 100):
        groups.append(f"group_{group:04}:\n")
        groups.extend(f"  name_{i:03}: value-{group:04}-{i:03}-of-some-length\n" for i in range(100))
    return "".join(groups)


def ini(count):
    return yaml(count).replace(":\n", "]\n").replace("group_", "[group_").replace("  name", "name").replace(": ", " = ")


def nested_json(count):
    value = "value-{:04}-{:03}-of-some-length".format
    groups = {f"group_{g:04}": {f"name_{i:03}": value(g, i) for i in range(100)} for g in range(count // 100)}
    return json.dumps(groups, indent="\t")


def log(mebibytes):
    """Lines of a log without secrets."""
    lines = "".join(f"2026-01-02T03:04:{i % 60:02}Z level=info msg=\"GET /api/v1/users?page={i}\" status=200 "
                    f"took={i % 97}ms trace={i * 2654435761 % 2**64:016x}\n" for i in range(10_000))
    return (lines * (mebibytes * 2**20 // len(lines) + 1)).encode()[:mebibytes * 2**20]


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        made = subprocess.run([options.lacre, "keygen", "-o", "key.txt"], cwd=folder, env=self.env,
                              check=True, capture_output=True, text=True)
        self.recipient = made.stdout.strip()
        self.env["SOPS_AGE_KEY_FILE"] = str(folder / "key.txt")
        (folder / ".sops.yaml").write_text(f"creation_rules:\n  - age: {self.recipient}\n")

    def write(self, name, text, encrypted):
        """A plain file, and its encrypted form made by sops, so that both read what sops wrote."""
        (self.folder / name).write_text(text)
        with open(self.folder / encrypted, "wb") as out:
            subprocess.run([self.options.sops, "encrypt", name], cwd=self.folder, env=self.env, stdout=out, check=True)

    def tree(self, name, count):
        """A repository of so many encrypted files for one recipient, and how to bring it back to that. Its rules name
        a second one."""
        folder = self.folder / name
        folder.mkdir()
        subprocess.run(["git", "init", "--quiet"], cwd=folder, env=self.env, check=True)
        other = subprocess.run([self.options.lacre, "keygen", "-o", folder / ".git/other.txt"], env=self.env,
                               check=True, capture_output=True, text=True).stdout.strip()
        (folder / ".sops.yaml").write_text(f"creation_rules:\n  - age: {self.recipient},{other}\n")
        self.write(f"{name}.env", dotenv(20), f"{name}.enc.env")
        text = (self.folder / f"{name}.enc.env").read_bytes()

        def restore():
            for number in range(count):
                (folder / f"n{number:04}.enc.env").write_bytes(text)
            # Else whoever syncs first writes these files out too.
            os.sync()
        restore()
        subprocess.run(["git", "add", "."], cwd=folder, env=self.env, check=True)
        return folder, restore

    def row(self, name, ours, theirs, before=lambda: None, cwd=None, runs=None):
        """`theirs` is the arguments of sops, or a whole script for the shell, in which "$0" is sops."""
        if self.options.only not in name:
            return
        cwd = cwd or self.folder
        script = ["sh", "-c", theirs, self.options.sops] if isinstance(theirs, str) else None
        commands = {"lacre": [self.options.lacre, *ours], "sops": script or [self.options.sops, *theirs]}
        times, peaks = {"lacre": [], "sops": []}, {}
        for _ in range(min(runs or self.options.runs, self.options.runs)):
            for who, command in commands.items():
                before()
                times[who].append(measure(command, self.env, cwd))
        for who, command in commands.items():
            before()
            peaks[who] = peak(command, self.env, cwd)
        shown = {who: f"{mib:.1f} MiB" if mib else "?" for who, mib in peaks.items()}
        mine, other = (statistics.median(times[who]) for who in ("lacre", "sops"))
        ratio = statistics.median(b / a for a, b in zip(times["lacre"], times["sops"]))
        print(f"| {name} | {mine * 1000:.1f} ms | {other * 1000:.1f} ms | {ratio:.1f} × "
              f"| {shown['lacre']} | {shown['sops']} |", flush=True)


def redact(bench):
    """How fast text without secrets passes through, with 50 secrets; and what the same program through dotenvx takes."""
    if bench.options.only not in "redact":
        return
    folder, runs = bench.folder, bench.options.runs
    secrets = "".join(f"SECRET_{i}={secrets_module.token_urlsafe(12 + i % 40)}\n" for i in range(50))
    bench.write("fifty.env", secrets, "fifty.enc.env")

    def seconds(command, file):
        def once():
            start = time.monotonic()
            with open(folder / file, "rb") as text:
                subprocess.run(command, cwd=folder, env=bench.env, stdin=text, stdout=subprocess.DEVNULL, check=True)
            return time.monotonic() - start
        return statistics.median(once() for _ in range(runs))

    (folder / "log").write_bytes(log(500))
    (folder / "short").write_bytes(log(20))
    ours = [bench.options.lacre, "redact", "-f", "fifty.enc.env"]
    print("\n| redact, 50 secrets | time | throughput |\n|---|---:|---:|")
    long = seconds(ours, "log")
    print(f"| lacre redact, 500 MiB of log | {long * 1000:.0f} ms | {500 * 1.048576 / long:.0f} MB/s |", flush=True)
    short = seconds(ours, "short")
    print(f"| lacre redact, 20 MiB of log | {short * 1000:.0f} ms | {20 * 1.048576 / short:.0f} MB/s |", flush=True)
    # From here on the same work on both sides: open one's own encrypted file, start `cat`, mask what it prints.
    run = [bench.options.lacre, "run", "--redact", "-f", "fifty.enc.env", "--", "cat", "short"]
    ours = seconds(run, "short")
    print(f"| lacre run --redact -- cat, 20 MiB of log | {ours * 1000:.0f} ms | {20 * 1.048576 / ours:.0f} MB/s |",
          flush=True)
    dotenvx = ROOT / "target/peers/node_modules/.bin/dotenvx"
    if dotenvx.exists():
        shutil.copy(folder / "fifty.env", folder / "theirs.env")
        subprocess.run([dotenvx, "encrypt", "-f", "theirs.env"], cwd=folder, env=bench.env, check=True,
                       capture_output=True)
        theirs = seconds([dotenvx, "run", "-q", "--redact", "-f", "theirs.env", "--", "cat", "short"], "short")
        print(f"| dotenvx run --redact -- cat, 20 MiB of log | {theirs * 1000:.0f} ms "
              f"| {20 * 1.048576 / theirs:.0f} MB/s ({theirs / ours:.1f} × lacre) |", flush=True)


def overhead(bench):
    """What `run` adds to a program that is started by itself, and `--redact` to `run`."""
    if bench.options.only not in "overhead of run":
        return
    lacre = bench.options.lacre
    ways = {
        "the program by itself": ["true"],
        "run": [lacre, "run", "-f", "run.enc.env", "--", "true"],
        "run --redact": [lacre, "run", "--redact", "-f", "run.enc.env", "--", "true"],
    }
    # One start is short: each run is one of each, in turn, and there are more of them.
    runs = [{name: measure(way, bench.env, bench.folder) for name, way in ways.items()}
            for _ in range(4 * bench.options.runs)]
    print("\n| overhead of run, 20 variables, `true` | time | ÷ plain | ÷ run |\n|---|---:|---:|---:|")
    for name in ways:
        median = statistics.median(run[name] for run in runs)
        plain, run = (statistics.median(run[name] / run[base] for run in runs)
                      for base in ("the program by itself", "run"))
        print(f"| {name} | {median * 1000:.1f} ms | {plain:.1f} × | {run:.2f} × |", flush=True)


def main():
    options = arguments()
    if not options.sops:
        sys.exit("no sops program: name one with --sops or SOPS_BINARY (the Python package sops-binary carries it)")
    with tempfile.TemporaryDirectory(prefix="lacre-bench-") as folder:
        folder = pathlib.Path(folder)
        bench = Bench(options, folder)
        print("| work | lacre | sops | sops ÷ lacre | lacre peak | sops peak |\n|---|---:|---:|---:|---:|---:|")
        bench.write("run.env", dotenv(20), "run.enc.env")
        bench.row("run, 20 variables", ["run", "-f", "run.enc.env", "--", "true"], ["exec-env", "run.enc.env", "true"])
        bench.write("ten.env", dotenv(10_000), "ten.enc.env")
        bench.row("decrypt dotenv, 10,000 leaves", ["decrypt", "ten.enc.env"], ["decrypt", "ten.enc.env"])
        bench.write("ten.yaml", yaml(10_000), "ten.enc.yaml")
        bench.row("decrypt YAML, 10,000 leaves", ["decrypt", "ten.enc.yaml"], ["decrypt", "ten.enc.yaml"])
        bench.write("ten.json", nested_json(10_000), "ten.enc.json")
        bench.row("decrypt JSON, 10,000 leaves", ["decrypt", "ten.enc.json"], ["decrypt", "ten.enc.json"])
        bench.write("ten.ini", ini(10_000), "ten.enc.ini")
        bench.row("decrypt INI, 10,000 leaves", ["decrypt", "ten.enc.ini"], ["decrypt", "ten.enc.ini"])
        shutil.copy(folder / "ten.enc.yaml", folder / "set.enc.yaml")
        restore = lambda: shutil.copy(folder / "ten.enc.yaml", folder / "set.enc.yaml")
        bench.row("set one of 10,000 leaves", ["set", "-q", "set.enc.yaml", "group_0050.name_050", "new-value"],
                  ["set", "set.enc.yaml", '["group_0050"]["name_050"]', json.dumps("new-value")], restore)
        bench.write("hundred.yaml", yaml(100_000), "hundred.enc.yaml")
        bench.row("decrypt YAML, 100,000 leaves", ["decrypt", "hundred.enc.yaml"], ["decrypt", "hundred.enc.yaml"])
        bench.row("encrypt YAML, 100,000 leaves", ["encrypt", "-o", "-", "hundred.yaml"], ["encrypt", "hundred.yaml"])
        hundred = lambda: shutil.copy(folder / "hundred.enc.yaml", folder / "rekey.enc.yaml")
        bench.row("rekey, 100,000 leaves", ["rekey", "-q", "--yes", "rekey.enc.yaml"],
                  ["rotate", "-i", "rekey.enc.yaml"], hundred)
        place, restore = bench.tree("few", 100)
        bench.row("status of 100 files; 100 times filestatus", ["status", "--all"],
                  'for file in *.enc.env; do "$0" filestatus "$file" || exit; done', cwd=place)
        place, restore = bench.tree("many", 1_000)
        sync = ["recipients", "sync", "--all", "--yes", "-q"]
        bench.row("sync 1,000 files; 1,000 times updatekeys", sync,
                  'for file in *.enc.env; do "$0" updatekeys -y "$file" || exit; done', restore, place, runs=3)
        bench.row("sync 1,000 files; updatekeys with all names", sync, 'exec "$0" updatekeys -y *.enc.env', restore,
                  place, runs=5)
        for count in (20, 1_000):
            in_git.merge(bench, count)
        in_git.offboard(bench)
        in_git.hook(bench, measure)
        overhead(bench)
        history.log(bench, measure)
        redact(bench)


if __name__ == "__main__":
    main()
