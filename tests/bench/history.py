"""A repository in which one encrypted file has any number of commits, and how long its history takes to tell."""
import statistics
import subprocess

# Versions that are made for real; commits go round through them, told apart by a clear comment.
VERSIONS = 200


def versions(bench, folder):
    """Texts of one dotenv file of 20 variables, each with another value than the one before. All of them open."""
    subprocess.run([bench.options.sops, "encrypt", "--output", folder / ".env.enc", "--input-type", "dotenv",
                    "--output-type", "dotenv", "run.env"], cwd=bench.folder, env=bench.env, check=True)
    found = []
    for number in range(VERSIONS):
        subprocess.run([bench.options.lacre, "set", "-q", ".env.enc", f"NAME_{number % 20:06}", f"value {number}"],
                       cwd=folder, env=bench.env, check=True)
        found.append((folder / ".env.enc").read_bytes())
    return found


def repository(bench, name, texts, count):
    """So many commits of one file, by `git fast-import`."""
    folder = bench.folder / name
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main"], cwd=folder, env=bench.env, check=True)
    into = subprocess.Popen(["git", "fast-import", "--quiet"], cwd=folder, env=bench.env, stdin=subprocess.PIPE)
    for number in range(count):
        text = b"# %d\n" % number + texts[number % len(texts)]
        into.stdin.write(b"commit refs/heads/main\ncommitter A <a@example.org> %d +0000\ndata 6\nchange\n"
                         b"M 100644 inline .env.enc\ndata %d\n%s\n" % (1_700_000_000 + number, len(text), text))
    into.stdin.close()
    if into.wait() != 0:
        raise SystemExit("git fast-import failed")
    (folder / ".sops.yaml").write_bytes((bench.folder / ".sops.yaml").read_bytes())
    subprocess.run(["git", "reset", "--quiet", "--hard"], cwd=folder, env=bench.env, check=True)
    return folder


def log(bench, measure):
    """`lacre log` over 10,000 commits; and over 100 beside the way that sops recommends for diffs: git, which starts
    `sops decrypt` for each version of each commit."""
    if bench.options.only not in "log":
        return
    (bench.folder / "history").mkdir()
    texts = versions(bench, bench.folder / "history")
    lacre, runs = bench.options.lacre, bench.options.runs
    long, short = (repository(bench, f"log{count}", texts, count) for count in (10_000, 100))
    (short / ".git/info/attributes").write_text("*.enc diff=sops\n")
    sops = f"{bench.options.sops} decrypt --input-type dotenv --output-type dotenv"
    ways = {
        "lacre log --no-open, 10,000 commits": ([lacre, "log", "--no-open", ".env.enc"], long),
        "lacre log, 10,000 commits, all opened": ([lacre, "log", ".env.enc"], long),
        "lacre log, 100 commits, all opened": ([lacre, "log", ".env.enc"], short),
        "git log -p, textconv by sops, 100 commits": (
            ["git", "-c", f"diff.sops.textconv={sops}", "log", "-p", ".env.enc"], short),
    }
    print("\n| log of one file, 20 variables | time | a commit |\n|---|---:|---:|")
    medians = {}
    for name, (command, folder) in ways.items():
        seconds = statistics.median(measure(command, bench.env, folder) for _ in range(runs))
        medians[name] = seconds
        count = 100 if folder == short else 10_000
        print(f"| {name} | {seconds * 1000:.0f} ms | {seconds / count * 1e6:.0f} µs |", flush=True)
    mine, other = (medians[name] for name in list(ways)[2:])
    print(f"\ngit with sops ÷ lacre, 100 commits: {other / mine:.0f} ×", flush=True)
