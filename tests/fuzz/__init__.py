"""A gateway process before an emulator process, and requests that nobody sane would send. See CONTRIBUTING.md.

- `run`: the command; sends as many requests as are asked for, and judges each answer
- `requests`: seed and number → an HTTP request, and the `curl` line that repeats it
- `documents`: texts by the grammar, by none, and valid ones with something wrong; `variables`: values that fit nothing
- `published`: what every answer must be
- `shrinking`: the smallest request with the same fault
- `generated`: documents of schemathesis over the introspection of the gateway
"""
