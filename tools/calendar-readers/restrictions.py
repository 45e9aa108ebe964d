"""Checks every calendar file of a folder with libical: what RFC 5545 and RFC 5546 demand of each property.

The name of a file that libical must reject begins with "fault-".
"""

import ctypes
import ctypes.util
import pathlib
import sys



def load():
    """Loads libical and declares the few functions that are called."""
    ical = ctypes.CDLL(ctypes.util.find_library("ical") or "libical.so.3")
    pointer = ctypes.c_void_p
    for name, result, arguments in (
        ("icalparser_parse_string", pointer, [ctypes.c_char_p]),
        ("icalrestriction_check", ctypes.c_int, [pointer]),
        ("icalcomponent_count_errors", ctypes.c_int, [pointer]),
        ("icalcomponent_as_ical_string", ctypes.c_char_p, [pointer]),
    ):
        function = getattr(ical, name)
        function.restype, function.argtypes = result, arguments
    return ical


def complaint(ical, text):
    """Returns what libical finds wrong with a file, or None."""
    component = ical.icalparser_parse_string(text)
    if not component:
        return "it is no calendar"
    is_valid = ical.icalrestriction_check(component)
    errors = ical.icalcomponent_count_errors(component)
    if is_valid and not errors:
        return None
    written = ical.icalcomponent_as_ical_string(component).decode(errors="replace")
    return "\n".join(line for line in written.splitlines() if "X-LIC-ERROR" in line) or "a restriction is not kept"


def main(folder):
    """Prints each file that is judged wrongly."""
    ical, wrong = load(), 0
    files = sorted(pathlib.Path(folder).glob("*.ics"))
    for file in files:
        found = complaint(ical, file.read_bytes())
        if (found is not None) != file.name.startswith("fault-"):
            wrong += 1
            print(f"libical says of {file.name}: {found}", file=sys.stderr)
    print(f"calendars: {len(files)} files, {wrong} wrong judgements by libical", file=sys.stderr)
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
