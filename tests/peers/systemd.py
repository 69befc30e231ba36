# Prints what systemd makes of an `EnvironmentFile=`, as JSON. Arguments: `real` (its own library, exit 77 without it) or
# `model`, and the file.
#
# The model is written anew from systemd.exec(5) and the states of `parse_env_file_internal` in src/basic/env-file.c.
import ctypes, glob, json, re, sys


def real(file):
    found = sorted(glob.glob("/usr/lib/*/systemd/libsystemd-shared-*.so") + glob.glob("/usr/lib*/systemd/libsystemd-shared-*.so"))
    # Known to have this signature; its library is private, so another version may have another.
    found = [path for path in found if 240 <= int(re.search(r"shared-(\d+)", path)[1]) <= 257]
    if not found:
        sys.exit(77)
    load = ctypes.CDLL(found[0]).load_env_file
    load.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(ctypes.POINTER(ctypes.c_char_p))]
    entries = ctypes.POINTER(ctypes.c_char_p)()
    code = load(None, file.encode(), ctypes.byref(entries))
    if code < 0:
        raise OSError(-code, "load_env_file")
    at = 0
    while entries[at] is not None:
        yield entries[at].decode().split("=", 1)
        at += 1


def model(file):
    with open(file, "rb") as opened:
        text = opened.read().decode()
    at = 0
    while at < len(text):
        if text[at] in " \t\n\r":
            at += 1
            continue
        if text[at] in "#;":
            raise ValueError("no comment is written")
        name, at = text[at : text.index("=", at)], text.index("=", at) + 1
        value, bare = "", False
        while at < len(text) and text[at] not in "\n\r":
            char = text[at]
            if char == "'" and not bare:
                end = text.index("'", at + 1)
                value, at = value + text[at + 1 : end], end + 1
            elif char == '"' and not bare:
                at += 1
                while text[at] != '"':
                    if text[at] == "\\":
                        at += 1
                        value += "" if text[at] == "\n" else text[at] if text[at] in '"\\`$' else "\\" + text[at]
                    else:
                        value += text[at]
                    at += 1
                at += 1
            elif char == "\\":
                value, at, bare = value + text[at + 1].strip("\n\r"), at + 2, True
            else:
                value, at, bare = value + (char if bare or char not in " \t" else ""), at + 1, bare or char not in " \t"
        yield name.rstrip(" \t"), value.rstrip(" \t") if bare else value


print(json.dumps(dict({"real": real, "model": model}[sys.argv[1]](sys.argv[2]))))
