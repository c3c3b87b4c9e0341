"""`gateway drift` with metadata as large as Microsoft Graph's own: it is read as it comes."""

import subprocess
import sys
import time
from pathlib import Path

from gateway.emulator.metadata import to_csdl
from gateway.resources.catalog import CATALOG

DOCUMENT_BYTES = 30_000_000
MOST_SECONDS = 10
MOST_KILOBYTES = 200_000

MEASURED = """
import resource, subprocess, sys
code = subprocess.run([sys.executable, "-m", "gateway", "drift", sys.argv[1]]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""
"""A small process starts the command: the peak of one that starts another counts for that one too."""

KINDS = (("EntityType", "thing"), ("ComplexType", "part"))


def others(number: int) -> str:
    """Types of other namespaces, with what Graph writes around properties."""
    return "".join(
        f'<{kind} Name="{name}{number}">'
        + "".join(
            f'<Property Name="{name}Property{each}" Type="Edm.String" Nullable="false">'
            '<Annotation Term="Org.OData.Core.V1.Description" String="What this property of the type is about."/>'
            "</Property>"
            for each in range(8)
        )
        + f"</{kind}>"
        for kind, name in KINDS
    )


def write_metadata(file: Path) -> None:
    """The declarations and, before them, as many types of another namespace as fill the document."""
    head, services, tail = to_csdl(CATALOG).decode().partition("<edmx:DataServices>")
    with file.open("w", encoding="utf-8") as text:
        text.write(f'{head}{services}<Schema Namespace="other" xmlns="http://docs.oasis-open.org/odata/ns/edm">')
        number = 0
        while text.tell() < DOCUMENT_BYTES:
            text.write(others(number))
            number += 1
        text.write(f"</Schema>{tail}")


def test_a_large_document_takes_little_time_and_memory(tmp_path: Path) -> None:
    """30 MB are compared within 10 seconds and 200 MB, the program itself included."""
    file = tmp_path / "metadata.xml"
    write_metadata(file)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(file)], capture_output=True, check=False, text=True, timeout=60
    )
    seconds = time.monotonic() - started
    assert (done.returncode, done.stdout) == (0, "No drift.\n")
    kilobytes = int(done.stderr) // (1024 if sys.platform == "darwin" else 1)
    assert kilobytes < MOST_KILOBYTES
    assert seconds < MOST_SECONDS
