# Prints, for every file named, what python-dotenv makes of it: one JSON object a line. First argument: where it is.
import json, sys

sys.path.insert(0, sys.argv[1])
from dotenv import dotenv_values

for file in sys.argv[2:]:
    print(json.dumps(dotenv_values(file)))
