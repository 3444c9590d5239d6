"""What Sotto remembers, in one SQLite database: the history of turns."""
