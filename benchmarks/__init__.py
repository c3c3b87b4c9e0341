"""The gateway against rivals: the same jobs, before the same stand-in of Microsoft Graph, in one run. See README.md.

- `run`: the command; for each contender each job, at 1 and at 64 connections
- `answers`: what Microsoft Graph would say; `jobs`: what is asked of a contender, and what it must answer
- `upstream`: nginx with these answers; `certificate`: what TLS to it needs
- `contenders`: how each is started; `server`: one of them, running
- `load`: wrk; `measure`: CPU and memory from /proc
- `results`: what a run found, as JSON; `report`: as a table; `chart`: as a picture
"""
