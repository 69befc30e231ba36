"""What lacre does in the daily life of a repository: the guard of a commit, checks, merges, and somebody who leaves."""
import os
import statistics
import subprocess

# A hook that is felt is a hook that is skipped.
HOOK_GOAL = 50


def run(bench, folder, *command):
    subprocess.run([str(word) for word in command], cwd=folder, env=bench.env, check=True, capture_output=True)


def variables(file, count):
    return "".join(f"NAME_{i:06}=value-{file:04}-{i:06}-of-some-length\n" for i in range(count))


def repository(bench, name, files, count=20):
    """So many encrypted files of as many variables each, for two people, and some plain ones, all committed."""
    folder = bench.folder / name
    folder.mkdir()
    for pair in (("init", "--initial-branch=main"), ("config", "user.name", "A"), ("config", "user.email", "a@example.org")):
        run(bench, folder, "git", *pair)
    bob = subprocess.run([bench.options.lacre, "keygen", "-o", folder / ".git/bob.txt"], env=bench.env, check=True,
                         capture_output=True, text=True).stdout.strip()
    (folder / ".sops.yaml").write_text(f"keys:\n  - &me {bench.recipient}\n  - &bob {bob}\ncreation_rules:\n"
                                       "  - key_groups:\n      - age:\n          - *me\n          - *bob\n")
    for number in range(files):
        (folder / f"n{number:04}.env").write_text(variables(number, count))
        run(bench, folder, bench.options.lacre, "encrypt", "-q", f"n{number:04}.env")
        (folder / f"n{number:04}.env").unlink()
        (folder / f"source{number:04}.txt").write_text(f"line {number}\n" * 500)
    run(bench, folder, "git", "add", ".")
    run(bench, folder, "git", "commit", "--quiet", "-m", "all")
    return folder


def hook(bench, measure, files=20, staged=10):
    """The pre-commit hook with 10 staged files, half of them encrypted; and `check` over all files."""
    if bench.options.only not in "hook check":
        return
    folder = repository(bench, "hook", files)
    lacre = bench.options.lacre
    run(bench, folder, lacre, "git", "install")
    for number in range(staged // 2):
        run(bench, folder, lacre, "set", "-q", f"n{number:04}.enc.env", "NAME_000003", f"other-{number}-value")
        (folder / f"new{number:04}.txt").write_text(f"another line {number}\n" * 500)
    run(bench, folder, "git", "add", ".")
    ways = {
        f"check --staged, {staged} files": ([lacre, "check", "--staged", "-q"], f"< {HOOK_GOAL} ms"),
        f"the hook as git runs it, {staged} files": (["git", "hook", "run", "pre-commit"], f"< {HOOK_GOAL} ms"),
        f"check, {files} files": ([lacre, "check", "-q"], ""),
        f"check --all, {files} files": ([lacre, "check", "--all", "-q"], ""),
        "git diff --cached, for comparison": (["git", "diff", "--cached", "--raw"], ""),
    }
    print(f"\n| guards, {files} encrypted files in the repository | time | goal |\n|---|---:|---:|")
    for name, (command, goal) in ways.items():
        seconds = statistics.median(measure(command, bench.env, folder) for _ in range(4 * bench.options.runs))
        print(f"| {name} | {seconds * 1000:.1f} ms | {goal} |", flush=True)


def merge(bench, count=1_000):
    """The merge driver beside what a user of sops does by hand: decrypt three versions, merge, encrypt."""
    name = f"merge, {count:,} values; 3 times decrypt, merge-file, encrypt"
    if bench.options.only not in name:
        return
    folder = repository(bench, f"merge{count}", 1, count)
    base = (folder / "n0000.enc.env").read_bytes()
    sides = {}
    for side, place in (("ours", 3), ("theirs", count - 3)):
        run(bench, folder, bench.options.lacre, "set", "-q", "n0000.enc.env", f"NAME_{place:06}", f"{side}-value")
        sides[side] = (folder / "n0000.enc.env").read_bytes()
        (folder / "n0000.enc.env").write_bytes(base)
    (folder / "base.enc.env").write_bytes(base)
    (folder / "theirs.enc.env").write_bytes(sides["theirs"])

    def before():
        (folder / "ours.enc.env").write_bytes(sides["ours"])
    by_hand = ('for side in base ours theirs; do "$0" decrypt $side.enc.env > $side.env || exit; done; '
               'git merge-file --quiet ours.env base.env theirs.env && '
               '"$0" encrypt --filename-override ours.enc.env ours.env > merged.env && mv merged.env ours.enc.env')
    bench.row(name, ["git", "merge", "base.enc.env", "ours.enc.env", "theirs.enc.env", "7", "n0000.enc.env"], by_hand,
              before, folder)


def offboard(bench, files=100):
    """Somebody leaves: out of the rule and every file, new data keys. lacre also reads the history for its list of
    values to replace, which sops has nothing for."""
    name = f"offboard, {files} files; {files} times updatekeys and rotate"
    if bench.options.only not in name:
        return
    folder = repository(bench, f"offboard{files}", files)

    def before():
        run(bench, folder, "git", "checkout", "--quiet", "--force", "HEAD", "--", ".")
        # Else whoever works first writes these files out too.
        os.sync()
    by_hand = ('sed -i "/bob/d" .sops.yaml; for file in *.enc.env; do '
               '"$0" updatekeys -y "$file" && "$0" rotate -i "$file" || exit; done')
    bench.row(name, ["offboard", "bob", "--yes", "-q"], by_hand, before, folder, runs=3)
