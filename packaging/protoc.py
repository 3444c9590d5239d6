"""Makes `app/service/generated` out of the proto file: ``python packaging/protoc.py``. For developers.

Why it exists: protoc writes imports that start at the proto root; here the generated code lies in a package of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

SERVICE = Path(__file__).resolve().parents[1] / "app" / "service"
PROTO_ROOT = SERVICE / "proto"
GENERATED = SERVICE / "generated"
PROTO = "compute/v1/compute.proto"
_IMPORT = "from compute.v1 import"
_PACKAGED = "from app.service.generated.compute.v1 import"


def regenerate(into: Path) -> None:
    """Write the generated modules under a folder.

    Raises:
        RuntimeError: protoc refuses the proto file; it has said why on standard error.
    """
    import grpc_tools
    from grpc_tools import protoc

    into.mkdir(parents=True, exist_ok=True)
    arguments = [
        "protoc",
        f"-I{PROTO_ROOT}",
        f"-I{Path(grpc_tools.__file__).parent / '_proto'}",
        f"--python_out={into}",
        f"--pyi_out={into}",
        f"--grpc_python_out={into}",
        PROTO,
    ]
    if protoc.main(arguments) != 0:
        raise RuntimeError(f"protoc refuses {PROTO_ROOT / PROTO}")
    for folder in (into, into / "compute", into / "compute" / "v1"):
        (folder / "__init__.py").write_text('"""Made by `packaging/protoc.py`; edited by nobody."""\n')
    stub = into / "compute" / "v1" / "compute_pb2_grpc.py"
    stub.write_text(stub.read_text(encoding="utf-8").replace(_IMPORT, _PACKAGED), encoding="utf-8")


if __name__ == "__main__":
    regenerate(Path(sys.argv[1]) if len(sys.argv) > 1 else GENERATED)
