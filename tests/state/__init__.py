"""Tests of `gateway.state`."""
