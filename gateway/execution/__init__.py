"""The fast way through the same schema: a valid document is compiled once and run many times."""
