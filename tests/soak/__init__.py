"""A gateway process under load before an emulator that fails in many ways, watched for what only time shows.

- `run`: the command; how long, who is started, what is told at the end
- `load`: callers of many kinds, all at once; `faults`: what the emulator does to the gateway's calls
- `ledger`: what became of each object that was to be created, and whether the emulator has it
- `watch`: memory, descriptors, threads, caches and latency, time and again
- `bounds`: what of it must hold; `report`: all of it as Markdown
"""
