# Prints what Docker Compose makes of an env file, as JSON. Arguments: the program, the file.
import json, os, subprocess, sys, tempfile

program, file = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "compose.yml"), "w") as project:
        json.dump({"name": "t", "services": {"s": {"image": "x", "env_file": file}}}, project)
    command = [program, "-f", project.name, "config", "--format", "json"]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=folder).stdout
# What it prints is itself a Compose file, so each dollar stands twice.
values = json.loads(output)["services"]["s"]["environment"]
print(json.dumps({name: value.replace("$$", "$") for name, value in values.items()}))
