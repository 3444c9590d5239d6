"""Made by `packaging/protoc.py`; edited by nobody."""
