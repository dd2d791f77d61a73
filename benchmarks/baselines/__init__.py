"""Other ways to emit the same members, each as a program: what ``source_speed`` compares with."""
