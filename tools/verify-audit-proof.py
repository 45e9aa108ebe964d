#!/usr/bin/env python3
"""Checks, without the server, that one event is in Amrutam's sealed log.

    verify-audit-proof.py PROOF [--keys FILE] [--checkpoint FILE]

PROOF is the answer of GET /api/admin/audit/{position}/proof. FILE of --keys is /.well-known/audit-keys.json as you got
it at a time you trust; without it the key of the proof is believed. FILE of --checkpoint is one that you kept, of the
same seal. Needs nothing but Python 3.8. docs/audit-seal.md tells the rules, so that you can write another.
Ends with 0 and the event when the proof holds, with 1 and the reason when it does not.
"""
import argparse
import base64
import hashlib
import json
import sys

# NIST P-256 (FIPS 186-5): y^2 = x^3 - 3x + B over P, base point G of order N.
P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)
# A SubjectPublicKeyInfo of a P-256 key has these bytes, then x and y.
SPKI_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
SEAL_TYPE = "amrutam.audit.seal.v1"


class Refused(Exception):
    """The proof does not hold; says why."""


def sha256(data):
    return hashlib.sha256(data).digest()


def add(a, b):
    """Adds two points of the curve; None is the point at infinity."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def times(k, point):
    total = None
    while k:
        if k & 1:
            total = add(total, point)
        point, k = add(point, point), k >> 1
    return total


def is_signed(text, signature, key):
    """ECDSA with SHA-256; the signature is r and s, 32 bytes each."""
    x, y = key
    if len(signature) != 64 or x >= P or y >= P or (y * y - (x * x * x - 3 * x + B)) % P:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not (0 < r < N and 0 < s < N):
        return False
    w = pow(s, -1, N)
    point = add(times(int.from_bytes(sha256(text), "big") * w % N, G), times(r * w % N, key))
    return point is not None and point[0] % N == r


def root(leaf, index, size, path):
    """Climbs from a leaf to the root of its tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise Refused("the event's index is not in the seal")
    here, at, last = leaf, index, size - 1
    for beside in path:
        if last == 0:
            raise Refused("the path is too long")
        if at % 2 or at == last:
            here = sha256(b"\x01" + beside + here)
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            here = sha256(b"\x01" + here + beside)
        at, last = at // 2, last // 2
    if last:
        raise Refused("the path is too short")
    return here


def verify(proof, keys, checkpoint):
    text, spki = proof["seal"].encode(), base64.b64decode(proof["public_key"])
    seal = json.loads(text)
    kid = base64.urlsafe_b64encode(sha256(spki)).rstrip(b"=").decode()
    if seal["type"] != SEAL_TYPE or not spki.startswith(SPKI_HEAD) or len(spki) != len(SPKI_HEAD) + 64:
        raise Refused("this is not a seal that this program knows")
    if seal["kid"] != kid or (keys is not None and kid not in [key["kid"] for key in keys["keys"]]):
        raise Refused("the seal is signed with a key that is not known")
    point = int.from_bytes(spki[-64:-32], "big"), int.from_bytes(spki[-32:], "big")
    if not is_signed(text, base64.b64decode(proof["signature"]), point):
        raise Refused("the seal's signature is not valid")
    if checkpoint is not None and checkpoint["seal"] != proof["seal"]:
        raise Refused("the seal is not the one of the checkpoint")
    path = [bytes.fromhex(beside) for beside in proof["path"]]
    leaf = sha256(b"\x00" + proof["event"].encode())
    if root(leaf, proof["index"], seal["events"], path).hex() != seal["root"]:
        raise Refused("the event is not in the seal")
    return seal


def main():
    arguments = argparse.ArgumentParser(description="Checks that an event is in the sealed log.")
    arguments.add_argument("proof")
    arguments.add_argument("--keys")
    arguments.add_argument("--checkpoint")
    asked = arguments.parse_args()
    try:
        read = [None if path is None else json.load(open(path, encoding="utf-8"))
                for path in (asked.proof, asked.keys, asked.checkpoint)]
        seal = verify(*read)
    except (Refused, OSError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        print(f"not proven: {wrong}")
        return 1
    print(f"proven: in seal {seal['number']}, sealed at {seal['sealed_at']} with key {seal['kid']}")
    print(read[0]["event"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
