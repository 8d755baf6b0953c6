"""The append-only event log: what went into the engine and what came out, in order, for ever.

Law: what `sync` has returned for is on disk, whatever happens next; what was never synced may be
missing after a crash, but only from the end. The engine's intents are synced before they are sent.

Every record is canonical JSON (fields in order, keys sorted, decimals as strings), and carries a
hash over its predecessor's:

    hash[n] = sha256(hash[n-1] + kind + payload),  hash[0] = 32 zero bytes

so the last hash, the head, names the whole journal: equal runs have equal heads, in memory and on
file. A file is SQLite (WAL, synchronous FULL). One thread owns the only writing connection, and
what is appended while its last fsync runs goes to disk with the next one. Closing seals the file:
the seal holds the number of records and the head, so a sealed journal cannot lose its end
unnoticed. A journal without a seal is being written, or its writer was killed: it is a prefix.
"""

from steersman.journal.log import Journal
from steersman.journal.reading import Verified, export, read, verify
from steersman.journal.record import Kind, Record
from steersman.journal.storage import migrate

__all__ = ["Journal", "Kind", "Record", "Verified", "export", "migrate", "read", "verify"]
