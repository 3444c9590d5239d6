"""Adapters around model libraries: each behind a port of `app.contracts.ports`, each library in a child process."""
