# Prints what a runner of GitHub Actions makes of a file command, as JSON. Arguments: the file, `linux` or `windows`.
#
# Written anew from the rules of `EnvFileKeyValuePairs` in actions/runner, src/Runner.Worker/FileCommandManager.cs:
# empty lines are skipped; what comes first, `=` or `<<`, decides the form; a value behind `<<` is what stands between the
# next line and the line end before the line that equals the delimiter; on Windows CR LF ends a line too. The text is
# read as by File.ReadAllText: a byte order mark goes, bytes that are no UTF-8 are replaced.
import json, sys


def next_line(text, at, windows):
    """The line at `at`, where the next begins, and the line end; `None` behind the last."""
    if at >= len(text):
        return None, at, None
    feed = text.find("\n", at)
    if feed < 0:
        return text[at:], len(text), None
    if windows:
        both = text.find("\r\n", at)
        if 0 <= both < feed:
            return text[at:both], both + 2, "\r\n"
    return text[at:feed], feed + 1, "\n"


def pairs(text, windows):
    line, at, _ = next_line(text, 0, windows)
    while line is not None:
        equals, heredoc = line.find("="), line.find("<<")
        if line and equals >= 0 and (heredoc < 0 or equals < heredoc):
            yield tuple(line.split("=", 1))
        elif line and heredoc >= 0:
            name, delimiter = line.split("<<", 1)
            if not name or not delimiter:
                raise ValueError("name and delimiter must not be empty")
            start = end = at
            line, at, ending = next_line(text, at, windows)
            while line != delimiter:
                if line is None or ending is None:
                    raise ValueError("no matching delimiter")
                end = at - len(ending)
                line, at, ending = next_line(text, at, windows)
            yield name, text[start:end]
        elif line:
            raise ValueError("invalid format")
        line, at, _ = next_line(text, at, windows)


with open(sys.argv[1], "rb") as file:
    text = file.read().decode("utf-8-sig", "replace")
# The runner refuses one name by itself; outputs and variables are otherwise read alike.
print(json.dumps(dict(pairs(text, sys.argv[2] == "windows"))))
