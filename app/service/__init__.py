"""gRPC server of the pipelines. The only package that knows gRPC."""

import os

# gRPC's core reads it once, when it is loaded, and would write lines of its own between our sentences.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
