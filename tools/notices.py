#!/usr/bin/env python3
"""Lists the packages of a CycloneDX bill of materials (JSON) with their licences, as Markdown.

Usage: notices.py BOM_FILE. The list goes to standard output. Exit code 1 if a package names no licence.
"""
import json
import sys


def licences(component):
    """The SPDX names of a component's licences, or their addresses where no name is given."""
    found = []
    for entry in component.get("licenses", []):
        licence = entry.get("license", {})
        found.append(entry.get("expression") or licence.get("id") or licence.get("name") or licence.get("url"))
    return [name for name in found if name]


def main(path):
    with open(path, encoding="utf-8") as file:
        components = json.load(file).get("components", [])
    print("# Software that Amrutam contains\n")
    print("| package | version | licence | authors |\n|---|---|---|---|")
    unknown = 0
    for component in sorted(components, key=lambda c: c["name"].lower()):
        names = licences(component)
        unknown += not names
        authors = component.get("author") or ", ".join(a.get("name", "") for a in component.get("authors", []))
        print(f"| {component['name']} | {component['version']} | {', '.join(names) or 'unknown'} | {authors} |")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
