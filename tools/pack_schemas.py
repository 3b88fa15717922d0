# SPDX-License-Identifier: Apache-2.0
# Every file of every pack against docs/reference/schemas (for editors, and for programs that write packs), and
# the schemas against the readers: a key that a reader takes stands in a schema. And each parameter drives something.
# `phendau pack validate` stays the judge: it also knows names and places.
import copy
import json
import pathlib
import re
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing}: install python3-jsonschema and python3-yaml")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / "docs/reference/schemas"
# Where a file's place names its schema.
PLACES = [("clauses/*.yaml", "clauses"), ("registers/*.yaml", "registers"), ("workflows/*.yaml", "workflow"),
          ("sources/*.yaml", "sources"), ("documents/*.yaml", "paper"), ("rules/**/*.tests.yaml", "posture_tests")]
SINGLE = ["pack", "glossary", "calendar", "regimes", "ranking", "upload_guard", "notices", "coordination", "classification"]
# Who reads packs: their lists of keys are compared with the schemas.
READERS = ["src/comply/*.cpp", "src/hub/pack*.cpp", "src/workflow/definition.cpp"]


class Loader(yaml.SafeLoader):
    """Plain scalars as the packs' reader takes them: days stay texts, only true and false are booleans."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rows
            if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:int")]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("^[-+]?(0|[1-9][0-9]*)$"), list("-+0123456789"))


def validators():
    schemas = {path.name.removesuffix(".schema.json"): json.loads(path.read_text())
               for path in SCHEMAS.glob("*.schema.json")}
    shared = schemas.pop("common")["$defs"]
    out = {}
    for name, schema in schemas.items():
        # What they share is put into each, so that references need no resolver of a certain version.
        whole = json.loads(json.dumps(schema).replace("common.schema.json#/$defs/", "#/$defs/"))
        whole["$defs"] = {**json.loads(json.dumps(shared).replace("common.schema.json#/$defs/", "#/$defs/")),
                          **whole.get("$defs", {})}
        jsonschema.Draft202012Validator.check_schema(whole)
        out[name] = jsonschema.Draft202012Validator(whole)
    return out


def files_of(pack):
    for name in SINGLE:
        if (pack / f"{name}.yaml").exists():
            yield pack / f"{name}.yaml", name
    for pattern, name in PLACES:
        for path in sorted(pack.glob(pattern)):
            yield path, name


def maps_below(node, path=()):
    """The places of all maps of a document whose keys a schema could know."""
    if isinstance(node, dict):
        yield path
        for key, value in node.items():
            yield from maps_below(value, path + (key,))
    elif isinstance(node, list):
        for index, value in enumerate(node[:1]):
            yield from maps_below(value, path + (index,))


# Maps whose keys are names of somebody's own: fields of records, states, parts of a JSON Schema or a detection.
FREE = {"where", "every", "schema", "form", "parameters", "conditions", "rows", "unreadable", "state_titles", "for",
        "equals", "link", "channels", "fields", "when", "needs"}


def refuses_unknown_keys(validator, document):
    """Puts a key that nobody knows into each map in turn; every one of them must be refused."""
    missed = []
    for path in maps_below(document):
        if any(step in FREE for step in path):
            continue
        spoiled = copy.deepcopy(document)
        at = spoiled
        for step in path:
            at = at[step]
        at["no_such_key"] = "x"
        if validator.is_valid(spoiled):
            missed.append(path)
    return missed


def keys_of_readers():
    out = set()
    for pattern in READERS:
        for path in ROOT.glob(pattern):
            if path.name.endswith("_test.cpp"):
                continue
            for found in re.finditer(r"(?:only_keys|allow_keys)\(\s*\*?\w+,\s*\{([^}]*)\}", path.read_text(), re.S):
                out |= set(re.findall(r'"([^"]+)"', found.group(1)))
    return out


def keys_of_schemas(node, inside=False):
    out = set()
    if isinstance(node, dict):
        for key, value in node.items():
            if inside:
                out.add(key)
            out |= keys_of_schemas(value, key == "properties" and not inside)
    elif isinstance(node, list):
        for value in node:
            out |= keys_of_schemas(value)
    return out


def idle_parameters():
    """A setting that drives nothing is worse than none: somebody would trust it. Names (pack, parameter)."""
    program = "".join(path.read_text() for path in ROOT.glob("src/**/*.cpp") if not path.name.endswith("_test.cpp"))
    text = {pack.name: "".join(path.read_text() for path in pack.rglob("*.y*ml")) for pack in (ROOT / "packs").iterdir() if pack.is_dir()}
    for pack in sorted(text):
        used = text[pack] + text["base"] + program if pack != "base" else "".join(text.values()) + program
        for parameter in yaml.load((ROOT / "packs" / pack / "pack.yaml").read_text(), Loader)["parameters"]:
            name = parameter["name"]
            if f"%{name}%" not in used and f'"{name}"' not in program:
                yield pack, name


def main():
    judges = validators()
    failed = 0
    for pack, name in idle_parameters():
        print(f"packs/{pack}/pack.yaml: parameter '{name}' is used nowhere")
        failed += 1
    count = 0
    packs = sorted(path.parent for path in ROOT.glob("packs/*/pack.yaml"))
    packs.append(ROOT / "docs/examples/binh-minh")
    extra = [(path, "ranking") for path in sorted(ROOT.glob("docs/examples/ranking-*.yaml"))]
    for path, name in [row for pack in packs for row in files_of(pack)] + extra:
        document = yaml.load(path.read_text(), Loader)
        count += 1
        for error in judges[name].iter_errors(document):
            best = jsonschema.exceptions.best_match([error])
            print(f"{path.relative_to(ROOT)}: {'/'.join(map(str, best.absolute_path))}: {best.message[:300]}")
            failed += 1
        for place in refuses_unknown_keys(judges[name], document):
            print(f"{name}.schema.json takes an unknown key at {'/'.join(map(str, place))} ({path.name})")
            failed += 1
    known = keys_of_readers()
    if len(known) < 50:
        print("the keys of the readers were not found")
        failed += 1
    written = set()
    for path in SCHEMAS.glob("*.schema.json"):
        written |= keys_of_schemas(json.loads(path.read_text()))
    for key in sorted(known - written):
        print(f"a reader takes '{key}', no schema does")
        failed += 1
    print(f"{count} files, {len(known)} keys, {failed} mistakes")
    return 1 if failed or count < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
