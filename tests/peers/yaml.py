# Prints what PyYAML makes of a file, as JSON; a value that is no string is an error. Arguments: where it is installed, the
# file.
import json, sys

# The folder of this script is first in the path, and its name is the module's.
sys.path[0] = sys.argv[1]
import yaml

with open(sys.argv[2], "rb") as file:
    found = yaml.safe_load(file)
assert all(isinstance(part, str) for pair in found.items() for part in pair)
print(json.dumps(found))
