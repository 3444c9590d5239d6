"""A child process for work on what others wrote: templates, documents, code.

`child` is what the program uses, `worker` is what runs in the child, `operations` is the whole list of what it may be
asked to do, `confine` takes away what it does not need, `code` and `boundary` run code of a model in a child of their
own, and only where the kernel keeps it in.
"""
