"""Talking to peers: pulling logs, asking for evaluations, pacing. No web framework, no ORM."""
