"""Snapshot to JSON state and back: versioned, checked, small.

``codec`` the whole value; ``segments`` its segments; ``cio_ids`` and ``texts`` its columns;
``packing`` numbers and bytes.
"""
