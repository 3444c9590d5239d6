"""gRPC server of the pipelines. The only package that knows gRPC."""
