"""Makes seal.json: sealed files of every format, one for each row of the tables of the seal.

    python3 tests/vectors/seal.py > tests/vectors/seal.json

It shares no code with the program. The events of every text are written out by hand beside it, and the stream, the seal
and the mark are made of them with `hmac` and `hashlib` alone; AES-GCM comes from the package `cryptography`.
"""

import base64
import hashlib
import hmac
import json
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY = bytes(range(32))
TIME = "2026-01-02T03:04:05Z"
drawn = 0


def hkdf(key, info):
    """HKDF-SHA-256 with an empty salt, first 32 bytes (RFC 5869)."""
    extracted = hmac.digest(bytes(32), key, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


SEAL_KEY = hkdf(KEY, b"lacre/seal/v1")


def b64(data):
    return base64.b64encode(data).decode()


def nonce():
    global drawn
    drawn += 1
    return hashlib.sha256(b"nonce %d" % drawn).digest()


def enc(aad, kind, plain, iv=None):
    iv = iv or nonce()
    sealed = AESGCM(KEY).encrypt(iv, plain.encode(), aad.encode())
    return f"ENC[AES256_GCM,data:{b64(sealed[:-16])},iv:{b64(iv)},tag:{b64(sealed[-16:])},type:{kind}]"


def marked():
    random = nonce()[:16]
    return random + hmac.digest(SEAL_KEY, b"lacre/sealed/v1" + random, "sha256")[:16]


def flat(node, name=""):
    """Fields as name and text (what a flat file would write)."""
    if isinstance(node, dict):
        return [pair for key, child in node.items() for pair in flat(child, f"{name}__map_{key}" if name else key)]
    if isinstance(node, list):
        return [pair for index, child in enumerate(node) for pair in flat(child, f"{name}__list_{index}")]
    text = {True: "true", False: "false"}[node] if isinstance(node, bool) else str(node)
    return [(name, text)]


def record(kind, *parts):
    data = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return kind.encode() + struct.pack("<Q", len(data)) + data


def seal_of(form, records, metadata):
    fields = sorted((name.encode(), text.encode()) for name, text in flat(metadata))
    stream = b"lacre/seal/v1" + record("F", form) + b"".join(records)
    stream += b"".join(record("M", name, b"\0", text) for name, text in fields)
    return "v1:" + b64(hmac.digest(SEAL_KEY, stream, "sha256"))


def written(form, body, metadata):
    if form == "yaml":
        return body.replace("SOPS", "sops: " + json.dumps(metadata))
    if form in ("json", "binary"):
        return body.replace("SOPS", '"sops": ' + json.dumps(metadata))
    if form == "ini":
        return body + "\n[sops]\n" + "".join("%s = %s\n" % (name, text.replace("\n", "\\n")) for name, text in flat(metadata))
    lines = ["sops_%s=%s\n" % (name, text.replace("\n", "\\n")) for name, text in flat(metadata)]
    return body + "".join(lines)


def mac_of(fed, only_encrypted):
    start = hashlib.sha256(b"sops").digest() if only_encrypted else b""
    return hashlib.sha512(start + "".join(fed).encode()).hexdigest().upper()


AGE = [{"enc": "-----BEGIN AGE ENCRYPTED FILE-----\nQUJD\n-----END AGE ENCRYPTED FILE-----\n", "recipient": "age1x"}]
SUFFIX = {"unencrypted_suffix": "_unencrypted"}
vectors = []


def vector(name, form, body, records, fed, more=None, seal="valid", mark=True, verdict="sealed", moved=None):
    """`moved` is the body after somebody changed it; the seal is over `body`."""
    more = SUFFIX if more is None else more
    mac = enc(TIME, "str", mac_of(fed, "mac_only_encrypted" in more), marked() if mark else None)
    metadata = {"age": AGE, "lastmodified": TIME, "mac": mac, "version": "3.11.0"} | more
    expected = seal_of(form, records, metadata)
    stored = {"valid": expected, "invalid": "v1:" + b64(bytes(32)), "missing": None}[seal]
    if stored:
        metadata["lacre"] = metadata.get("lacre", {}) | {"seal": stored}
    text = written(form, moved or body, metadata)
    vectors.append({"name": name, "format": form, "seal": expected, "verdict": verdict, "text": text})


D, MAP, LIST, END, NULL = record("D"), record("{"), record("["), record("E"), record("N")


def K(key):
    return record("K", key)


def C(text):
    return record("C", text)


def V(kind, plain):
    return record("V", kind, b"\0", plain)


def H(text):
    return record("#", text)


def P(document, *steps):
    place = struct.pack("<Q", document)
    for step in steps:
        if isinstance(step, int):
            place += b"i" + struct.pack("<Q", step)
        else:
            place += b"k" + struct.pack("<Q", len(step.encode())) + step.encode()
    return record("P", place)


# --- the records, format by format ---------------------------------------------------------------

top, one, inner, two = enc(":", "comment", " top"), enc("a:", "str", "one"), enc("l:", "comment", " in"), enc("l:", "int", "2")
vector(
    "yaml: comments, lists, nulls and typed clear values",
    "yaml",
    f"#{top}\na: {one}\nl:\n  #{inner}\n  - {two} # {'x'}\n  - null\n"
    'i_unencrypted: 0x10\nf_unencrypted: 1.50\nb_unencrypted: TRUE\nt_unencrypted: 2024-01-02\ns_unencrypted: ""\nSOPS\n',
    [D, MAP, H(top), K("a"), C(one), K("l"), LIST, H(inner), C(two), NULL, END]
    + [K("i_unencrypted"), V("int", "16"), K("f_unencrypted"), V("float", "1.5"), K("b_unencrypted"), V("bool", "True")]
    + [K("t_unencrypted"), V("time", "2024-01-02T00:00:00Z"), K("s_unencrypted"), V("str", ""), END],
    ["one", "2", "16", "1.5", "True", "2024-01-02T00:00:00Z"],
)
a, b = enc("a:", "str", "x"), enc("b:", "bool", "True")
vector(
    "yaml: anchors, aliases, tags and two documents",
    "yaml",
    f"k_unencrypted: &n !own v\nj_unencrypted: *n\na: '{a}'\nSOPS\n---\nb: {b}\nm: {{}}\nSOPS\n",
    [D, MAP, K("k_unencrypted"), record("&", "n"), record("T", "!own"), V("str", "v"), K("j_unencrypted"), record("*", "n")]
    + [K("a"), C(a), END, D, MAP, K("b"), C(b), K("m"), MAP, END, END],
    ["v", "v", "x", "True"],
)
item = enc("l:", "comment", " item")
vector(
    "yaml: an encrypted comment in the item form of sops",
    "yaml",
    f"l:\n  - {item}\n  - {two}\nSOPS\n",
    [D, MAP, K("l"), LIST, H(item), C(two), END, END],
    ["2"],
)
a = enc("a:", "str", "x")
vector(
    "yaml: clear comments count under a comment selector",
    "yaml",
    f"# sops:enc\na: {a}\nb: clear # why\nSOPS\n",
    [D, MAP, record(";", " sops:enc"), K("a"), C(a), record(";", " why"), K("b"), V("str", "clear"), END],
    ["x", "clear"],
    {"encrypted_comment_regex": "sops:enc"},
)
a, b, note = enc("a:", "str", "x"), enc("b:c:", "int", "7"), enc("b:", "comment", " note")
ONLY = {"unencrypted_suffix": "_unencrypted", "mac_only_encrypted": True}
only = (
    f"a: {a}\nk_unencrypted: clear\nb:\n  - 1\n  #{note}\n  - c: {b}\nSOPS\n".replace("- 1", "- null"),
    [P(0, "a"), C(a), P(0, "b"), H(note), P(0, "b", 1, "c"), C(b)],
    ["x", "7"],
)
vector("yaml: only what is encrypted, by its path", "yaml", *only, ONLY)
vector("yaml: only what is encrypted; a clear value may change", "yaml", *only, ONLY, moved=only[0].replace("clear", "changed"))
moved = only[0].replace("  - null\n", "")
vector("yaml: only what is encrypted; an index may not", "yaml", *only, ONLY, moved=moved, verdict="broken")

s, n, f = enc("a:b:", "str", "é"), enc("a:c:", "float", "1.5"), enc("d:", "int", "3")
vector(
    "json: maps, lists and typed clear values",
    "json",
    f'{{"a": {{"b": "{s}", "c": "{n}"}}, "d": ["{f}", null, ""], "e_unencrypted": [1, 2.5, true, "x\\u0020y"], SOPS}}\n',
    [D, MAP, K("a"), MAP, K("b"), C(s), K("c"), C(n), END, K("d"), LIST, C(f), NULL, V("str", ""), END]
    + [K("e_unencrypted"), LIST, V("int", "1"), V("float", "2.5"), V("bool", "True"), V("str", "x y"), END, END],
    ["é", "1.5", "3", "1", "2.5", "True", "x y"],
    SUFFIX | {"x_unknown": {"list": ["one", {"deep": "two"}], "flag": True, "number": 7}, "shamir_threshold": 2},
)
c, x, y = enc(":", "comment", "old"), enc("A:", "str", "1"), enc(" export B :", "str", '"two"')
vector(
    "dotenv: keys as they stand, clear values as sops reads them",
    "dotenv",
    f"#{c}\nA={x}\n# clear\n\n export B ={y}\nE=\nU_unencrypted=l1\\nl2\n",
    [D, MAP, H(c), K("A"), C(x), K(" export B "), C(y), K("E"), V("str", ""), K("U_unencrypted"), V("str", "l1\nl2"), END],
    ["1", '"two"', "l1\nl2"],
    SUFFIX | {"lacre": {"bom": True, "eol": "crlf"}},
)

# --- the verdicts, in every format ---------------------------------------------------------------

for form, shape in [("yaml", "a: %s\nSOPS\n"), ("json", '{"a": "%s", SOPS}\n'), ("dotenv", "a=%s\n")]:
    a = enc("a:", "str", "x")
    simple = (form, shape % a, [D, MAP, K("a"), C(a), END], ["x"])
    for seal, mark, verdict in [
        ("invalid", True, "broken"),
        ("invalid", False, "broken"),
        ("valid", True, "sealed"),
        ("missing", True, "removed"),
        ("valid", False, "sealed"),
        ("missing", False, "unsealed"),
    ]:
        name = f"{form}: seal {seal}, {'marked' if mark else 'no mark'}"
        vector(name, *simple, seal=seal, mark=mark, verdict=verdict)

head, k, x, y, last = enc("a:", "comment", "head"), enc("DEFAULT:k:", "str", "0"), enc("a:x:", "str", "1"), enc("a:y z:", "str", "q "), enc("b:", "comment", "last")
vector(
    "ini: comments behind their keys, the section DEFAULT, clear values as sops reads them",
    "ini",
    f"k = {k}\n; {head}\n[a]\nx={x} ; {head}\n\"y z\" : \"{y}\"\n\n[b]\nu_unencrypted = `a;b`\ne =\n# {last}\n",
    [D, MAP, K("DEFAULT"), MAP, K("k"), C(k), END, K("a"), MAP, H(head), K("x"), C(x), H(head), K("y z"), C(y), END]
    + [K("b"), MAP, K("u_unencrypted"), V("str", "a;b"), K("e"), V("str", ""), H(last), END, END],
    ["0", "1", "q ", "a;b"],
)
data = enc("data:", "str", "any bytes")
vector(
    "binary: one leaf",
    "binary",
    f'{{\n\t"data": "{data}",\n\tSOPS\n}}\n',
    [D, MAP, K("data"), C(data), END],
    ["any bytes"],
    {},
)
for form, shape, records in [("ini", "[s]\na = %s\n", [K("DEFAULT"), MAP, END, K("s"), MAP]), ("binary", '{"data": "%s", SOPS}\n', [])]:
    a = enc("s:a:" if form == "ini" else "data:", "str", "x")
    inside = records + ([K("a"), C(a), END] if form == "ini" else [K("data"), C(a)])
    simple = (form, shape % a, [D, MAP, *inside, END], ["x"])
    for seal, mark, verdict in [("invalid", True, "broken"), ("missing", True, "removed"), ("valid", False, "sealed"), ("missing", False, "unsealed")]:
        vector(f"{form}: seal {seal}, {'marked' if mark else 'no mark'}", *simple, seal=seal, mark=mark, verdict=verdict)

print(json.dumps({"data_key_hex": KEY.hex(), "vectors": vectors}, indent=1, ensure_ascii=False))
