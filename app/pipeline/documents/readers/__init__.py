"""One module for each kind of document. They run in the sandbox child, read one file and know nothing of the index.

Each has ``read(path, begin, most)``: it returns a `section.Window` of the document from position ``begin`` on, with
about ``most`` characters, so that a long document crosses the process border in parts.
"""
