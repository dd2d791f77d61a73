"""Random syncs into a sandbox org, with faults and deaths, judged by an oracle of its own.

``plan`` draws mappings, ``story`` draws what happens, ``oracle`` (plain Python, nothing of the
connector) says what the org must hold, ``session`` checks that at every acknowledgement, ``drive``
runs the connector, ``trouble`` breaks things.
"""
