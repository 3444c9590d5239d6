"""Jobs: work that goes on by itself after the turn that began it, and can be looked at from anywhere."""
