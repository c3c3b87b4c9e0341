"""The entities of an invented service provider with 40 customers, made anew in each process, always the same."""
