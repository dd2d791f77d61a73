"""The main job against the embedded sandbox: three syncs, then a comparison person by person."""
