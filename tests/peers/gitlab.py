# Prints what a later job of GitLab CI gets from a dotenv report, as JSON. Argument: the file.
#
# Written anew from the rules of `Ci::ParseDotenvArtifactService` (every line is NAME=VALUE, both stripped), of the model's
# names, and of `ExpandVariables` (`$NAME`, `${NAME}`, `%NAME%` are replaced, `$$` and `%%` are escapes); here every
# variable that could be mentioned is empty.
import json, re, sys

with open(sys.argv[1], "rb") as file:
    text = file.read().decode("utf-8", "replace")
found = {}
for line in text.split("\n")[:-1] if text.endswith("\n") else text.split("\n"):
    match = re.search(r"^(.*?)=(.*)$", line)
    if not match:
        raise ValueError("Invalid Format")
    name, value = (part.strip("\0\t\n\v\f\r ") for part in match.groups())
    if not re.fullmatch(r"[A-Za-z0-9_]{1,255}", name):
        raise ValueError("invalid name")
    escapes = {"$$": "$", "%%": "%"}
    mention = r"\$\$|%%|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\}|%[A-Za-z_]\w*%"
    found[name] = re.sub(mention, lambda mention: escapes.get(mention[0], ""), value)
print(json.dumps(found))
