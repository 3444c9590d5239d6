"""Plans training sessions from what the person has, can do and did, and keeps a log of them."""
