"""``python -m source_customerio_segments`` is the console script."""

from source_customerio_segments.run import main

if __name__ == "__main__":
    main()
