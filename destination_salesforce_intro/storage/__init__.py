"""Where refused records and plans are kept, and how refused ones are sent again."""
